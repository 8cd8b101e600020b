import numpy as np
import pytest

from skensemble.generative.fields._field_training import FieldDraws
from skensemble.generative.fields._known_cells import target_of_known, with_known_cells
from skensemble.generative.paths._paths import PATHS, PREDICTIONS

DATA = np.random.default_rng(0).normal(size=(12, 3))


def _draws(prediction, mask_share):
    generator = np.random.default_rng(0)
    return FieldDraws(DATA, None, None, PATHS["linear"](), prediction, generator, mask_share=mask_share)


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_known_cells_need_no_regressor(prediction):
    draws = _draws(prediction, 1.0)
    batch = draws.draw(10)
    given = draws.layout.read(batch.features)
    target = target_of_known(given, prediction, draws.path)
    is_known = ~np.isnan(given.known)
    np.testing.assert_allclose(target[is_known], batch.targets[is_known], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(np.isnan(target), ~is_known)
    value = with_known_cells(np.full(DATA[:1].shape, 9.0), batch.features, draws.layout, prediction, draws.path)
    np.testing.assert_array_equal(value, np.where(is_known, target, 9.0))


def test_nothing_is_filled_in_where_rows_show_nothing():
    draws, value = _draws("data", 0.0), np.ones((12, 3))
    assert with_known_cells(value, draws.draw().features, draws.layout, "data", draws.path) is value
