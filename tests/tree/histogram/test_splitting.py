import math

import numpy as np
import pytest

from skensemble._jit import kernel
from skensemble.tree.histogram._growth_jobs import fine_units
from skensemble.tree.histogram._splitting import (
    BY_SUMS,
    CACHED,
    FORBIDDEN,
    INVALID,
    MISSING_LEFT,
    ONE_HOT,
    ROUNDING,
    best_position,
    bounded_gains,
    category_order,
    category_words,
    drop_rare,
    drop_unbalanced,
    gains_of_several,
    is_near,
    leaf_value,
    left_sums,
    left_totals,
    mark_left,
    move_rows,
    node_score,
    plain_gains,
    range_of_counts,
    range_of_units,
    score_of_value,
    sum_of_counts,
    used_codes,
)
from tests import reference
from tests.tree.random_tables import new_grower, random_table

RANGES = [(0, 500), (37, 411), (100, 101), (20, 20)]


# -- values and scores -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reg_lambda", [0.0, 2.0])
@pytest.mark.parametrize("reg_alpha", [0.0, 1.5])
@pytest.mark.parametrize("max_delta_step", [0.0, 0.4])
def test_leaf_value_is_the_best_allowed(reg_lambda, reg_alpha, max_delta_step):
    rng = np.random.default_rng(0)
    limits = {"reg_lambda": reg_lambda, "reg_alpha": reg_alpha, "max_delta_step": max_delta_step}
    for _ in range(20):
        gradient, hessian = 5 * rng.normal(), rng.exponential()
        lower, upper = sorted(rng.normal(size=2)) if rng.random() < 0.5 else (-math.inf, math.inf)
        value = leaf_value(gradient, hessian, reg_lambda, reg_alpha, max_delta_step, lower, upper)
        assert value == reference.leaf_value(gradient, hessian, limits, lower, upper)
        if max_delta_step > 0 and not lower - 1 <= 0.0 <= upper + 1:
            continue
        step = max_delta_step if max_delta_step > 0 else 1e3
        low, high = min(max(-step, lower), upper), max(min(step, upper), lower)
        others = np.linspace(low, high, 2001)
        best = min(reference.score_of_value(gradient, hessian, v, limits) * -1.0 for v in others)
        assert -score_of_value(gradient, hessian, value, reg_lambda, reg_alpha) <= best + 1e-9


def test_leaf_without_weight_is_zero():
    assert leaf_value(0.0, 0.0, 0.0, 0.0, 0.0, -math.inf, math.inf) == 0.0
    assert leaf_value(3.0, 0.0, 0.0, 0.0, 0.0, -math.inf, math.inf) == 0.0
    assert leaf_value(0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 3.0) == 2.0


# -- gains -----------------------------------------------------------------------------------------------------------


def scalar_histogram(rng, n_codes):
    """Cells of one feature, their sum; an integer 1 stands for 2**-10."""
    gradient, hessian = rng.integers(-5000, 5000, n_codes), rng.integers(0, 2000, n_codes)
    hessian[rng.random(n_codes) < 0.2] = 0
    gradient[hessian == 0] = 0
    return (gradient << 32) + hessian, gradient / 1024, hessian / 1024


@pytest.mark.parametrize("missing_left", [False, True])
@pytest.mark.parametrize("n_codes", [1, 2, 3, 40, 256])
def test_plain_gains(missing_left, n_codes):
    rng = np.random.default_rng(n_codes)
    cells, gradient, hessian = scalar_histogram(rng, n_codes)
    prefix, gains = np.empty(n_codes + 1, np.int64), np.full(n_codes + 1, np.nan)
    unit = 2.0**-10
    left_sums(cells, 0, 1, np.arange(1, n_codes), n_codes - 1, False, missing_left, prefix)
    first, last = range_of_units(prefix, 0, n_codes - 1, cells.sum(), 2048)
    plain_gains(prefix, first, last, cells.sum(), 1.0, unit, unit, gains)
    node = gradient.sum() ** 2 / (hessian.sum() + 1.0)
    for position in range(n_codes - 1):
        left = slice(0 if missing_left else 1, position + 2)
        g, h = gradient[left].sum(), hessian[left].sum()
        other_g, other_h = gradient.sum() - g, hessian.sum() - h
        if min(h, other_h) < 2.0:
            assert not first <= position < last
        else:
            assert first <= position < last
            expected = g**2 / (h + 1.0) + other_g**2 / (other_h + 1.0) - node
            assert gains[position] == pytest.approx(expected, rel=1e-9, abs=1e-9 * node)
    assert np.isnan(gains[max(n_codes - 1, 0) :]).all()


@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("missing_left", [False, True])
def test_left_sums(one_hot, missing_left):
    cells, order, prefix = np.arange(1, 25) * (2**33 + 1), np.array([3, 1, 7, 2]), np.zeros(5, np.int64)
    left_sums(cells, 4, 2, order, 4, one_hot, missing_left, prefix)
    sums = cells[4::2][order] if one_hot else cells[4::2][order].cumsum() + missing_left * cells[4]
    np.testing.assert_array_equal(prefix, [*sums, 0])


@pytest.mark.parametrize("missing_left", [False, True])
@pytest.mark.parametrize("min_samples", [1, 9, 40, 150])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_range_of_counts(missing_left, min_samples, n_channels):
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 9, (40, n_channels))
    order = np.arange(1, 40)
    first, last = range_of_counts(
        counts.reshape(-1), n_channels - 1, n_channels, counts[:, -1].sum(), order, 39, missing_left, min_samples
    )
    left = counts[1:, -1].cumsum() + (counts[0, -1] if missing_left else 0)
    enough = np.minimum(left, counts[:, -1].sum() - left) >= min_samples
    np.testing.assert_array_equal(np.flatnonzero(enough), np.arange(first, last))


def test_drop_rare():
    gains, counts = np.arange(4.0), np.array([2, 5, 1, 30, 9])
    assert sum_of_counts(counts, 1, 4) == 45
    drop_rare(counts, 1, 1, counts[1:].sum(), np.array([2, 0, 1, 3]), 4, 5, gains)
    np.testing.assert_array_equal(gains, [0.0, 1.0, INVALID, 3.0])
    drop_rare(counts, 1, 1, counts[1:].sum(), np.array([2, 0, 1, 3]), 4, 16, gains)
    np.testing.assert_array_equal(gains, [INVALID] * 4)


def state_of(n_outputs, **options):
    """State of a grower that has grown a tree, for its units and limits."""
    rng = np.random.default_rng(0)
    table = random_table(rng, 50, [40], [options.pop("is_categorical", False)])
    targets = rng.normal(size=(n_outputs, 50)).astype(np.float32), rng.random((n_outputs, 50)).astype(np.float32)
    grower = new_grower(table, *targets, vector=n_outputs > 1, **options)
    grower.grow(0)
    return grower


def state_in_units(unit, n_outputs, limits, **given):
    """State with these limits and fields, whose packed targets count in these units."""
    memory = state_of(n_outputs, **limits).grower._memory.with_others(**given)
    memory.arrays["gradient_unit"][:] = memory.arrays["hessian_unit"][:] = unit
    return memory.state


@kernel
def count_rows(counts, n_channels, count_units, state):
    """Set how rows are counted."""
    state.counts, state.n_channels, state.count_units = counts, n_channels, count_units


LIMITS = {
    "none": {},
    "reg_alpha": {"reg_alpha": 3.0},
    "max_delta_step": {"max_delta_step": 0.2},
    "all": {"reg_alpha": 0.5, "max_delta_step": 0.4, "min_child_weight": 3.0},
}


def plain_gain(left, right, limits, lower, upper, monotone, parent_score):
    """Gain of one split, as it is defined; left, right : (gradient, hessian) of each output."""
    alpha, step = limits.get("reg_alpha", 0.0), limits.get("max_delta_step", 0.0)
    gain = 0.0
    for (left_g, left_h), (right_g, right_h) in zip(left, right):
        left_value = leaf_value(left_g, left_h, 1.0, alpha, step, lower, upper)
        right_value = leaf_value(right_g, right_h, 1.0, alpha, step, lower, upper)
        if monotone * left_value > monotone * right_value:
            return FORBIDDEN
        gain += score_of_value(left_g, left_h, left_value, 1.0, alpha)
        gain += score_of_value(right_g, right_h, right_value, 1.0, alpha)
    least = max(limits.get("min_child_weight", 0.0), 2.0**-10) * len(left)
    return gain - parent_score if min(sum(h for _, h in side) for side in (left, right)) >= least else INVALID


def plain_gains_of(cells, limits, lower, upper, monotone, parent_score):
    """`plain_gain` at each position of a scan with the missing on the left; cells : (n_codes, n_outputs) packed."""
    units = [(cells >> 32) / 1024, (cells & (2**32 - 1)) / 1024]
    sides = [[(g[: p + 2], h[: p + 2]), (g[p + 2 :], h[p + 2 :])] for g, h in [units] for p in range(len(cells) - 1)]
    sums = [[list(zip(g.sum(axis=0).tolist(), h.sum(axis=0).tolist())) for g, h in two] for two in sides]
    return [plain_gain(*two, limits, lower, upper, monotone, parent_score) for two in sums]


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("monotone", [-1, 0, 1])
@pytest.mark.parametrize(("lower", "upper"), [(-math.inf, math.inf), (-0.1, 0.3), (0.5, 0.6)])
def test_gains_by_vectors_are_those_of_one_position_at_a_time(limits, monotone, lower, upper):
    """To the last bit: which of two splits is better must not depend on which of the two ways is taken."""
    rng = np.random.default_rng(0)
    cells, _, _ = scalar_histogram(rng, 200)
    units = 2.0**-10, 2.0**-10
    state = state_in_units(units[0], 1, LIMITS[limits])
    order, total = np.arange(1, 200), np.array([cells.sum()])
    gains, prefix = np.empty(201), np.empty(201, np.int64)
    left_sums(cells, 0, 1, order, 199, False, True, prefix)
    step = LIMITS[limits].get("max_delta_step", math.inf)
    bounded_gains(
        prefix, 0, 199, total[0], node_score(total, 0, lower, upper, state) * ROUNDING,
        min(max(-step, lower), upper), min(max(step, lower), upper), monotone,
        max(LIMITS[limits].get("min_child_weight", 0.0), units[1]), 1.0, LIMITS[limits].get("reg_alpha", 0.0), *units,
        gains,
    )  # fmt: skip
    parent_score = node_score(total, 0, lower, upper, state) * ROUNDING
    expected = plain_gains_of(cells[:, None], LIMITS[limits], lower, upper, monotone, parent_score)
    np.testing.assert_array_equal(gains[:199], expected)
    assert monotone == 0 or upper < 1 or (gains[:199] == FORBIDDEN).any()
    if limits == "none" and lower == -math.inf and monotone == 0:
        plain = np.empty(201)
        first, last = range_of_units(prefix, 0, 199, total[0], 1)
        plain_gains(prefix, first, last, total[0], 1.0, *units, plain)
        np.testing.assert_allclose(gains[first:last], plain[first:last], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("monotone", [0, 1])
@pytest.mark.parametrize("counted", ["not", "by cells", "by hessians"])
def test_gains_of_several_are_those_of_one_position_at_a_time(limits, monotone, counted):
    rng = np.random.default_rng(0)
    cells = np.column_stack([scalar_histogram(rng, 40)[0] for _ in range(3)])
    counts = rng.integers(0, 9, 40)
    n_channels = 3 + (counted == "by cells")
    state = state_in_units(2.0**-10, 3, LIMITS[limits], min_samples_leaf=50)
    count_rows(counted == "by cells", n_channels, 5000 if counted == "by hessians" else 0, state)
    channels = np.column_stack([cells, counts])[:, :n_channels]
    totals, gains, prefix = channels.sum(axis=0), np.empty(41), np.empty(41, np.int64)
    gains_of_several(
        channels.reshape(-1), 0, np.arange(1, 40), 39, False, monotone, True, totals, -math.inf, math.inf, 1.0, state,
        prefix, gains,
    )  # fmt: skip
    parent_score = node_score(totals, 0, -math.inf, math.inf, state) * ROUNDING
    expected = plain_gains_of(cells, LIMITS[limits], -math.inf, math.inf, monotone, parent_score)
    hessians = cells[:, 0] & (2**32 - 1)
    units, fewest = {"not": (counts, 0), "by cells": (counts, 50), "by hessians": (hessians, 5000)}[counted]
    left = units.cumsum()[1:]
    expected = np.where(np.minimum(left, units.sum() - left) < fewest, INVALID, expected)
    np.testing.assert_array_equal(gains[:39], expected)
    assert monotone or len(set(expected)) > 3


def test_best_position():
    gains = np.array([1.0, 3.0, INVALID, 3.0, 2.0, -np.inf, np.nan])
    assert best_position(gains, 0, 7, 0.0) == 1
    assert best_position(gains, 2, 7, 0.0) == 3
    assert best_position(gains, 0, 1, 0.0) == 0
    assert best_position(gains, 0, 7, 3.0) == -1
    assert best_position(gains, 0, 0, 0.0) == -1


@pytest.mark.parametrize("n_channels", [1, 3])
@pytest.mark.parametrize("n_codes", [1, 2, 64, 65, 255])
def test_used_codes(n_channels, n_codes):
    rng = np.random.default_rng(n_codes)
    cells = rng.integers(-1, 2, (n_codes, n_channels)) * (rng.random((n_codes, 1)) < 0.3)
    order = np.empty(n_codes + 1, np.int64)
    n_used = used_codes(cells.ravel(), 0, False, n_codes, n_channels, order)
    used = np.flatnonzero(cells.any(axis=1))
    np.testing.assert_array_equal(order[:n_used], used)
    if n_codes > 1:
        n_used = used_codes(cells.ravel(), 0, True, n_codes, n_channels, order)
        np.testing.assert_array_equal(order[:n_used], np.unique(np.maximum(used, 1)))


# -- categories ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_codes", [1, 2, 7, 40])
def test_category_order(n_codes):
    rng = np.random.default_rng(n_codes)
    cells, _, _ = scalar_histogram(rng, n_codes)
    cells[1 : n_codes // 2] = cells[0]  # ties go by code
    grower = state_of(1, is_categorical=True, cat_smooth=0.5)
    state = grower.grower._memory.with_others(n_codes=np.array([n_codes])).state
    order, ratio = np.empty(n_codes + 1, np.int64), np.empty(n_codes + 1)
    n_present = category_order(cells, 0, 0, BY_SUMS, state, order, ratio)
    gradient = (cells >> 32) * grower.grower._memory.arrays["gradient_unit"][0]
    hessian = (cells & (2**32 - 1)) * grower.grower._memory.arrays["hessian_unit"][0]
    present = [code for code in range(n_codes) if cells[code] != 0]
    expected = sorted(present, key=lambda code: (gradient[code] / (hessian[code] + 0.5), code))
    np.testing.assert_array_equal(order[:n_present], expected)


@pytest.mark.parametrize(("n_codes", "n_ends"), [(40, 1), (300, 8), (3000, 8), (3000, 64)])
@pytest.mark.parametrize("kind", ["random", "few ratios", "rising", "falling"])
def test_category_order_of_many_codes(n_codes, n_ends, kind):
    """The ends that a split may part are sorted, ties by code; the others stand between them."""
    rng = np.random.default_rng(n_ends)
    gradient = {
        "random": rng.integers(-5000, 5000, n_codes),
        "few ratios": rng.integers(-1, 2, n_codes) * 1000,
        "rising": np.arange(n_codes),
        "falling": -np.arange(n_codes),
    }[kind]
    cells = (gradient << 32) + 1000
    cells[:: n_codes // 10] = 0  # codes that no row has
    grower = state_of(1, is_categorical=True, max_cat_threshold=n_ends)
    state = grower.grower._memory.with_others(n_codes=np.array([n_codes])).state
    order, ratio = np.empty(n_codes + 1, np.int64), np.empty(n_codes + 1)
    n_present = category_order(cells, 0, 0, BY_SUMS, state, order, ratio)
    present = np.flatnonzero(cells)
    expected = present[np.lexsort((present, gradient[present]))]
    np.testing.assert_array_equal(order[:n_ends], expected[:n_ends])
    np.testing.assert_array_equal(order[n_present - n_ends : n_present], expected[-n_ends:])
    np.testing.assert_array_equal(np.sort(order[:n_present]), present)


@pytest.mark.parametrize("n_codes", [3, 64, 65, 130])
@pytest.mark.parametrize("absent_left", [False, True])
@pytest.mark.parametrize("flags", [0, ONE_HOT])
def test_category_words(n_codes, absent_left, flags):
    rng = np.random.default_rng(n_codes)
    order = rng.permutation(n_codes)
    n_present = n_codes // 2 + 1
    words = np.full(4, 2**64 - 1, np.uint64)
    for position in (0, n_present // 2, n_present - 1):
        category_words(order, n_present, n_codes, position, flags, absent_left, words)
        goes_left = {order[position]} if flags else set(order[: position + 1])
        goes_left |= set(order[n_present:]) if absent_left else set()
        assert {c for c in range(256) if int(words[c // 64]) >> c % 64 & 1} == goes_left


def test_drop_unbalanced():
    gains = np.arange(9.0)
    drop_unbalanced(gains, 9, 10, 2)
    np.testing.assert_array_equal(gains, [0, 1, *[INVALID] * 5, 7, 8])


@pytest.mark.parametrize("n_channels", [1, 3])
@pytest.mark.parametrize("flags", [0, MISSING_LEFT, ONE_HOT])
def test_left_totals(n_channels, flags):
    rng = np.random.default_rng(0)
    cells = rng.integers(-99, 99, (12, n_channels))
    order = np.arange(1, 12) if flags != ONE_HOT else rng.permutation(12)
    left = np.full(n_channels, 10**9)
    for position in (0, 4, 10):
        left_totals(cells.ravel(), 0, n_channels, order, position, flags, left)
        codes = [order[position]] if flags == ONE_HOT else [*([0] if flags else []), *order[: position + 1]]
        np.testing.assert_array_equal(left, cells[codes].sum(axis=0))


# -- rows to their sides ---------------------------------------------------------------------------------------------


def column_and_rows(n_codes=12):
    rng = np.random.default_rng(0)
    column = rng.integers(0, n_codes, 700).astype(np.uint8)
    return rng, column, np.sort(rng.choice(700, 500, replace=False)).astype(np.uint32)


@pytest.mark.parametrize(("start", "stop"), RANGES)
@pytest.mark.parametrize("missing_left", [0, 1])
@pytest.mark.parametrize("code", [1, 6, 11])
def test_mark_left_by_number(start, stop, missing_left, code):
    _, column, rows = column_and_rows()
    goes_left = np.full(500, 7, np.uint8)
    n_left = mark_left(column, rows, start, stop, code, missing_left, 0, np.zeros(1, np.uint64), goes_left)
    values = column[rows]
    expected = np.where(values == 0, bool(missing_left), values <= code)[start:stop]
    np.testing.assert_array_equal(goes_left[start:stop], expected)
    assert n_left == expected.sum()
    assert (np.delete(goes_left, slice(start, stop)) == 7).all()


@pytest.mark.parametrize("step", [1, 200])
def test_mark_left_in_a_column_beyond_the_caches(step):
    column = np.random.default_rng(0).integers(0, 12, CACHED + 9).astype(np.uint8)
    rows = np.arange(0, len(column), step, dtype=np.uint32)
    assert is_near(column, rows, 0, len(rows)) == (step == 1)
    goes_left = np.full(len(rows), 7, np.uint8)
    n_left = mark_left(column, rows, 0, len(rows), 6, False, 0, np.zeros(1, np.uint64), goes_left)
    np.testing.assert_array_equal(goes_left, (column[rows] <= 6) & (column[rows] > 0))
    assert n_left == goes_left.sum()


@pytest.mark.parametrize(("start", "stop"), RANGES)
def test_mark_left_by_category(start, stop):
    rng, column, rows = column_and_rows(200)
    words = rng.integers(0, 2**63, 4).astype(np.uint64)
    goes_left = np.full(500, 7, np.uint8)
    n_left = mark_left(column, rows, start, stop, 3, 0, 1, words, goes_left)
    expected = [int(words[c // 64]) >> (c % 64) & 1 for c in column[rows].tolist()][start:stop]
    np.testing.assert_array_equal(goes_left[start:stop], expected)
    assert n_left == sum(expected)
    assert (np.delete(goes_left, slice(start, stop)) == 7).all()


@pytest.mark.parametrize(("start", "stop"), RANGES)
@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_move_rows(start, stop, n_channels):
    rng, _, rows = column_and_rows()
    packed = rng.integers(-(2**60), 2**60, (500, n_channels))
    goes_left = rng.integers(0, 2, 500).astype(np.uint8)
    flags = goes_left[start:stop].astype(bool)
    rows_out, packed_out = np.full(600, 9999, np.uint32), np.full((600, n_channels), 9999)
    left, right = 5, 5 + 10 + flags.sum()
    move_rows(
        rows, packed.reshape(-1), n_channels, goes_left, start, stop, rows_out, packed_out.reshape(-1), left, right
    )
    for values, out in [(rows, rows_out), (packed, packed_out)]:
        expected = np.full((600, *values.shape[1:]), 9999, values.dtype)
        expected[left : left + flags.sum()] = values[start:stop][flags]
        expected[right : right + (~flags).sum()] = values[start:stop][~flags]
        np.testing.assert_array_equal(out, expected)


# -- leaves ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", ["none", "whole", "fractions"])
def test_fine_sums_are_exact(weights):
    rng = np.random.default_rng(0)
    gradient, hessian = (rng.integers(low, 99, 300).astype(np.float32) / 8 for low in (-99, 0))
    units = rng.integers(0, 9, 300)
    weight = {"none": np.zeros(0), "whole": units * 1.0, "fractions": units / 4}[weights]
    units = weight if len(weight) else np.ones(300)
    rows = rng.permutation(300).astype(np.uint32)
    fixed = fine_units(rows, 20, 280, gradient, hessian, weight, weights != "fractions", 2.0**30, 2.0**31)
    sums = fixed[0] / 2.0**30, fixed[1] / 2.0**31
    chosen = rows[20:280]
    assert sums == ((gradient * units)[chosen].sum(), (hessian * units)[chosen].sum())
