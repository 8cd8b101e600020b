"""Rounds on drawn rows: bins that stay, redraws that know the trees, residuals that are what is left."""

import numpy as np
import pytest

from skensemble._validation import read_table
from skensemble.generative.fields._field_rounds import DrawnRows, FieldBins, FieldRounds, FieldRoundSettings
from skensemble.generative.fields._field_training import FieldDraws
from skensemble.generative.fields._tree_field import TreeField
from skensemble.generative.paths._paths import Linear
from skensemble.tree._binning import Binner
from skensemble.tree.histogram._grown_trees import to_tree_arrays
from skensemble.tree.trees._prediction import compile_trees, predict_raw


def _draws(seed=0, **options):
    rng = np.random.default_rng(seed)
    data = rng.choice([-1.0, 0.5, 2.0], size=(80, 3)) + 0.1 * rng.normal(size=(80, 3))
    return FieldDraws(data, None, None, Linear(), "data", rng, **options)


def _settings(**changes):
    defaults = {"n_sketch": 1, "n_repeats": 4, "max_rows": 1000, "redraw_interval": 0, "n_iter_no_change": 5}
    common = {"n_estimators": 6, "learning_rate": 0.3, "reg_lambda": 1.0, "max_bins": 63, "n_threads": 1}
    return FieldRoundSettings(limits=TreeField()._limits(), **{**defaults, **common, **changes})


def _predicted(rounds, features):
    forest = to_tree_arrays(rounds.trees, rounds.bins.thresholds, 3)
    return predict_raw(compile_trees(forest), lambda a, b: features[a:b], len(features), np.zeros(3))


def test_codes_are_those_of_a_binner():
    features = np.random.default_rng(0).normal(size=(300, 4))
    features[::7, 2] = np.nan
    bins = FieldBins(features, 31)
    binned = bins.codes_of(features, 2)
    expected = Binner(31).fit(read_table(features)).transform(read_table(features))
    np.testing.assert_array_equal(binned.columns, expected.columns)
    np.testing.assert_array_equal(binned.codes, expected.codes)
    np.testing.assert_array_equal(binned.n_codes, expected.n_codes)


@pytest.mark.parametrize("n_sketch", [1, 2, 3])
@pytest.mark.parametrize("mask_share", [0.0, 0.7])
def test_residuals_are_what_the_trees_leave(n_sketch, mask_share, monkeypatch):
    batches = []
    batch_of = DrawnRows._batch
    monkeypatch.setattr(DrawnRows, "_batch", lambda rows: batches.append(batch_of(rows)) or batches[-1])
    rounds = FieldRounds(_draws(mask_share=mask_share), None, _settings(n_sketch=n_sketch, redraw_interval=4))
    for _ in range(6):
        rounds.round()
    assert len(batches) == 2
    features, targets = batches[-1]
    left = targets - _predicted(rounds, features)
    if mask_share:
        left[~np.isnan(rounds.rows.draws.layout.read(features).known)] = 0.0
    np.testing.assert_allclose(rounds.rows.residual, left, atol=1e-5)
    assert np.mean(left**2) < 0.5 * np.mean(targets**2)


def test_held_out_rows_are_predicted_as_others_are():
    train, held_out = _draws().split(0.3)
    rounds = FieldRounds(train, held_out, _settings())
    rounds.held_out.draw(rounds.trees)
    rounds.run()
    assert len(rounds.errors) == 7
    assert rounds.errors[-1] < 0.5 * rounds.errors[0]


def test_the_best_round_is_kept():
    train, held_out = _draws().split(0.3)
    rounds = FieldRounds(train, held_out, _settings(n_estimators=300, learning_rate=1.0, n_iter_no_change=3))
    forest = rounds.run()
    assert forest.n_trees == np.argmin(rounds.errors) == len(rounds.trees) - 3


def test_a_draw_is_made_from_some_rows_where_there_are_many():
    rounds = FieldRounds(_draws(), None, _settings(max_rows=20, redraw_interval=2, n_repeats=3))
    first = rounds.rows.residual.copy()
    for _ in range(3):
        rounds.round()
    assert rounds.rows.residual.shape == first.shape == (60, 3)
    assert len(rounds.bins.thresholds) == 4  # three columns and t
