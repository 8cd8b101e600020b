"""Draws: stratified times, fresh noise, weights as copies, pairing, masks, dropped labels."""

import numpy as np
import pytest

from skensemble.generative.fields._field_training import FIRST_TIME, FieldDraws, optimally_paired
from skensemble.generative.paths._field_input import FieldLayout
from skensemble.generative.paths._paths import PATHS, PREDICTIONS, endpoints_of

DATA = np.random.default_rng(0).normal(size=(12, 3))


def _draws(data=DATA, label=None, weight=None, path="linear", prediction="data", seed=0, **options):
    return FieldDraws(data, label, weight, PATHS[path](), prediction, np.random.default_rng(seed), **options)


def _times(batch):
    return FieldLayout(3).read(batch.features).t


def _x(batch, path):
    return FieldLayout(3).read(batch.features).x * PATHS[path]().scale(_times(batch))[:, None]


def test_every_duplicate_has_a_stratum_and_every_row_a_share_of_it():
    draws = _draws(time_power=1.0)
    place = (_times(draws.draw(5)) - FIRST_TIME) / (1.0 - FIRST_TIME)
    np.testing.assert_array_equal(np.floor(place.reshape(5, 12) * 5), np.repeat(np.arange(5), 12).reshape(5, 12))
    np.testing.assert_array_equal(np.sort(np.floor(place * 60)), np.arange(60))


def test_time_power_moves_times_to_the_data():
    times = _times(_draws(time_power=2.0).draw(100))
    assert np.mean(times < 0.25) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_targets_and_features_belong_together(path, prediction):
    batch = _draws(path=path, prediction=prediction).draw(2, t=0.4)
    found = endpoints_of(prediction, batch.targets, _x(batch, path), 0.4, PATHS[path]())
    np.testing.assert_allclose(found.data, np.tile(DATA, (2, 1)), atol=1e-9)
    assert np.isfinite(batch.features).all()


def test_noise_is_drawn_afresh():
    draws = _draws()
    assert not np.any(draws.draw(t=0.5).features[:, :3] == draws.draw(t=0.5).features[:, :3])


def test_given_noise_stays_with_its_row():
    noise = np.arange(36.0).reshape(12, 3)
    batch = _draws(noise=noise, prediction="noise").draw(2, t=0.5)
    np.testing.assert_array_equal(batch.targets, np.tile(noise, (2, 1)))


def test_whole_weights_are_copies():
    weight = np.arange(12) % 3
    weighted, repeated = _draws(weight=weight), _draws(np.repeat(DATA, weight, axis=0))
    for one, other in zip(weighted.draw(3), repeated.draw(3)):
        np.testing.assert_array_equal(one, other)


def test_fractional_weights_are_shares():
    weight = np.array([0.0, 0.25, 0.75, 3.0])
    targets = _draws(np.arange(4.0)[:, None], weight=weight).draw(400).targets
    assert len(targets) == 3 * 400
    np.testing.assert_allclose(np.bincount(targets[:, 0].astype(int)) / len(targets), weight / 4.0, atol=0.03)


def test_rows_can_be_chosen():
    draws = _draws(weight=np.r_[np.zeros(6), np.ones(6)])
    rows = draws.choose(4)
    assert len(set(rows)) == 4
    assert rows.min() >= 6
    np.testing.assert_array_equal(draws.draw(2, rows=rows).targets, np.tile(DATA[rows], (2, 1)))


def test_optimal_pairing_permutes_noise_within_groups_and_shortens_the_way():
    rng = np.random.default_rng(0)
    data, noise, groups = rng.normal(size=(60, 2)), rng.normal(size=(60, 2)), np.arange(60) % 2
    paired = optimally_paired(data, noise, groups, rng)
    for group in (0, 1):
        own, before = paired[groups == group], noise[groups == group]
        np.testing.assert_array_equal(np.sort(own[:, 0]), np.sort(before[:, 0]))
        cost, cost_before = (((data[groups == group] - z) ** 2).sum() for z in (own, before))
        assert cost < 0.7 * cost_before


def test_pairing_of_equal_distributions_in_one_dimension_is_sorted():
    data = np.random.default_rng(0).normal(size=(100, 1))
    targets = _draws(data, pairing="optimal", prediction="noise").draw().targets
    order = np.argsort(data[:, 0])
    assert np.all(np.diff(targets[order, 0]) > 0)


def test_labels_are_dropped():
    label = np.arange(12.0)[:, None]
    draws = _draws(label=label, dropped_share=0.25)
    shown = draws.layout.read(draws.draw(200).features).label[:, 0]
    assert np.isnan(shown).mean() == pytest.approx(0.25, abs=0.03)
    known = ~np.isnan(shown)
    np.testing.assert_array_equal(shown[known], np.tile(np.arange(12.0), 200)[known])
    assert not np.isnan(label).any()


def test_masks_show_cells_of_data_by_groups_of_columns():
    draws = _draws(label=np.ones((12, 1)), mask_share=0.8, column_groups=[0, 1, 1])
    given = draws.layout.read(draws.draw(300).features)
    known = given.known
    is_known = ~np.isnan(known)
    np.testing.assert_array_equal(known[is_known], np.tile(DATA, (300, 1))[is_known])
    np.testing.assert_array_equal(is_known[:, 1], is_known[:, 2])
    assert is_known[:, :2].mean() == pytest.approx(0.4, abs=0.03)
    assert (is_known[:, 0] != is_known[:, 1]).any()
    np.testing.assert_array_equal(given.label, 1.0)
    assert draws.layout == FieldLayout(3, 3, 1)
    assert _draws().layout == FieldLayout(3)


def test_split_keeps_rows_apart():
    train, held_out = _draws(weight=np.ones(12), label=DATA).split(0.25)
    assert len(held_out.data) == 3
    np.testing.assert_array_equal(np.sort(np.r_[train.data, held_out.data], axis=0), np.sort(DATA, axis=0))
    np.testing.assert_array_equal(train.label, train.data)


def test_split_of_one_row_has_it_on_both_sides():
    train, held_out = _draws(DATA[:1]).split(0.1)
    assert len(train.data) == len(held_out.data) == 1
