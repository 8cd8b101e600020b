"""The layout of features: what is written by name is read by name."""

import numpy as np
import pytest

from skensemble.generative.paths._field_input import LARGEST_LOG_SNR, Condition, FieldLayout, field_features
from skensemble.generative.paths._paths import PATHS

X, TIMES = np.arange(6.0).reshape(3, 2), np.array([0.0, 0.5, 1.0])
KNOWN, LABEL = np.array([[1.0, np.nan], [np.nan, np.nan], [5.0, 6.0]]), np.array([[7.0], [np.nan], [9.0]])
CONDITIONS = [None, Condition(), Condition(KNOWN), Condition(label=LABEL), Condition(KNOWN, LABEL)]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_features_are_read_as_they_were_laid_out(condition):
    path, layout = PATHS["ve"](), FieldLayout.of(X, condition)
    features = field_features(X, TIMES, condition, path)
    assert features.shape == (3, layout.n_features)
    given = layout.read(features)
    np.testing.assert_allclose(given.x, X / np.hypot(1.0, path.sigma(TIMES))[:, None])
    np.testing.assert_array_equal(given.t, TIMES)
    np.testing.assert_allclose(given.log_snr, path.log_snr(TIMES))
    np.testing.assert_array_equal(features[:, layout.time], TIMES)
    for part, expected in zip((given.known, given.label), condition or Condition()):
        np.testing.assert_array_equal(part, np.empty((3, 0)) if expected is None else expected)
    again = field_features(X, TIMES, given.condition, path)
    np.testing.assert_array_equal(again, features)
    np.testing.assert_array_equal(field_features(X, TIMES, layout.split(features[:, layout.condition]), path), features)


def test_features_are_finite_at_both_ends():
    for t in (0.0, 1.0):
        features = field_features(np.ones((2, 1)), t, None, PATHS["linear"]())
        assert FieldLayout(1).read(features).log_snr[0] == LARGEST_LOG_SNR * (1.0 if t == 0.0 else -1.0)


def test_what_trees_see_ends_with_the_time():
    layout = FieldLayout(2, 2, 1)
    features = field_features(X, TIMES, Condition(KNOWN, LABEL), PATHS["vp"]())
    np.testing.assert_array_equal(features[:, layout.up_to_time][:, -1], TIMES)


def test_reading_does_not_copy():
    features = np.zeros((4, 3, 7))
    FieldLayout(2, 2, 1).read(features).label[:] = 1.0
    assert features.sum() == 12.0


def test_conditions_of_rows_and_without_labels():
    condition = Condition(KNOWN, LABEL)
    np.testing.assert_array_equal(condition.take([2, 0]).known, KNOWN[[2, 0]])
    np.testing.assert_array_equal(condition.take(slice(1, 2)).label, LABEL[1:2])
    assert Condition().take([0]) == Condition()
    without = condition.without_label()
    assert without.known is KNOWN
    assert np.isnan(without.label).all()
    assert not np.isnan(LABEL).all()
