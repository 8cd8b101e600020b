"""Shares of labels: those of all rows, or those of rows with such given cells."""

import numpy as np
import pytest
from scipy.special import logsumexp

from skensemble.generative import RealNVP
from skensemble.generative.flows._label_shares import LabelShares
from skensemble.generative.tables._label_encoding import LabelEncoding


def _shares(y, given, weight=None):
    labels = LabelEncoding(y, weight, len(y))
    return LabelShares(labels, labels.encode(y, len(y)), given, weight, 1, np.random.default_rng(0))


def test_without_given_cells_they_are_those_of_the_rows():
    shares = _shares(np.array(["a", "b", "b", "b"]), np.empty((4, 0)))
    np.testing.assert_allclose(shares.log_shares(np.empty((7, 0))), np.log([[0.25, 0.75]]))
    drawn = shares.draw(np.empty((8, 0)), np.random.default_rng(0))
    assert sorted(drawn) == ["a"] * 2 + ["b"] * 6


@pytest.mark.parametrize("names", [["no", "yes"], ["high", "low", "no"]])
def test_given_cells_say_which_labels_are_common(names):
    rng = np.random.default_rng(0)
    cell = rng.integers(2, size=2000)
    usual, other = names[0], names[-1]
    y = np.where(rng.random(2000) < 0.9, np.where(cell == 1, usual, other), np.where(cell == 1, other, usual))
    y[100:140] = names[1]
    weight = np.ones(2000)
    weight[:100] = 0.0
    shares = _shares(y, cell[:, np.newaxis].astype(float), weight)
    asked = np.repeat([[0.0], [1.0]], 500, axis=0)
    drawn = shares.draw(asked, rng)
    for rows, label in ((slice(0, 500), other), (slice(500, None), usual)):
        assert abs(np.mean(drawn[rows] == label) - 0.9) < 0.05
        of_label = np.exp(shares.log_shares(asked)[rows, shares.labels.classes_.tolist().index(label)])
        np.testing.assert_allclose(of_label, 0.9, atol=0.04)


def test_rows_without_a_label_are_left_out_and_one_class_is_certain():
    y = np.array(["only", None, "only"], dtype=object)
    shares = _shares(y, np.zeros((3, 1)))
    assert shares.log_shares(np.zeros((2, 1))).tolist() == [[0.0]]
    assert shares.draw(np.zeros((2, 1)), np.random.default_rng(0)).tolist() == ["only"] * 2


def test_the_density_whatever_the_class_is_the_sum_over_classes():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    X = np.column_stack([rng.normal(size=400) + 4.0 * y, rng.normal(size=400) + y])
    model = RealNVP(n_layers=2, hidden_layer_sizes=(8,), max_epochs=20, condition_columns=[1], random_state=0).fit(X, y)
    _, given = model._encoded(X)
    of_classes = np.column_stack([model.score_samples(X, y=label) for label in (0, 1)])
    whole = logsumexp(of_classes + model._label_shares.log_shares(given), axis=1)
    np.testing.assert_allclose(model.score_samples(X), whole)
    right = np.where((model.transform(X) == model.transform(X, y)).all(axis=1), 1, 0)
    assert right.mean() > 0.95
    drawn = model.sample(200, condition={1: 3.0}, random_state=1)
    assert np.mean(drawn[:, 0] > 2.0) > 0.8  # rows with such a cell are of class 1
