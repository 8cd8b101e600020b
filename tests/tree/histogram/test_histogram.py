import math

import numpy as np
import pytest

from skensemble.tree.histogram._histogram import (
    FINE_BITS,
    PACKED_BITS,
    accumulate,
    add_pairs,
    add_rows,
    add_rows_of_features,
    add_words,
    clear,
    clear_counts,
    complete,
    count_codes,
    merge,
    pack,
    power_of_two_scale,
    subtract,
    weighted_sums,
    write_counts,
)
from skensemble.tree.histogram._usual_words import usual_words
from tests.tree.random_tables import random_table

N_SAMPLES, N_CODES, SHIFT, UNWRITTEN = 70, np.array([5, 16, 1, 9, 2]), 4, 10**15
CELLS = np.arange(5) << SHIFT
ALL_ROWS = np.zeros(0, np.uint32)  # to `weighted_sums`


def table_and_rows(dtype=np.uint8):
    rng = np.random.default_rng(0)
    table = random_table(rng, N_SAMPLES, N_CODES, dtype=dtype)
    return rng, table, np.sort(rng.choice(N_SAMPLES, 50, replace=False)).astype(np.uint32)


def plain_histogram(table, rows, vectors, features):
    """(n_features, 2**SHIFT, n_channels) sums of the vectors of the rows (vectors[i] of rows[i])."""
    histogram = np.zeros((len(N_CODES), 1 << SHIFT, vectors.shape[1]), np.int64)
    for row, vector in zip(rows, vectors):
        for feature in features:
            histogram[feature, table.columns[feature, row]] += vector
    return histogram


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize(("start", "stop"), [(0, 50), (3, 41), (7, 8), (9, 9)])
def test_add_rows_of_features(dtype, start, stop):
    rng, table, rows = table_and_rows(dtype)
    packed = rng.integers(-(2**40), 2**40, 50)
    base, size = 7, len(N_CODES) << SHIFT
    histogram, features = np.zeros(base + size, np.int64), np.array([0, 1, 2, 3])
    add_rows_of_features(table.codes, rows, packed, start, stop, histogram, base, features, CELLS, 1, 4)
    expected = plain_histogram(table, rows[start:stop], packed[start:stop, None], [1, 2, 3])
    np.testing.assert_array_equal(histogram[base:], expected.ravel())
    np.testing.assert_array_equal(histogram[:base], 0)


@pytest.mark.parametrize(("first", "last"), [(0, 21), (0, 8), (8, 21), (0, 5), (16, 21), (8, 16), (0, 0)])
def test_add_rows_reads_eight_codes_at_a_time(first, last):
    rng = np.random.default_rng(0)
    table = random_table(rng, N_SAMPLES, np.full(21, 256))
    rows, packed = np.arange(3, 60, 2, dtype=np.uint32), rng.integers(-(2**40), 2**40, 29)
    base = 7
    histogram = np.zeros(base + 21 * 256, np.int64)
    add_rows(table.codes.view(np.uint64), rows, packed, 2, 27, histogram, base, first, last)
    expected = np.zeros((21, 256), np.int64)
    for row, value in zip(rows[2:27], packed[2:27]):
        for feature in range(first, last):
            expected[feature, table.columns[feature, row]] += value
    np.testing.assert_array_equal(histogram[base:], expected.ravel())
    np.testing.assert_array_equal(histogram[:base], 0)


@pytest.mark.parametrize(("first", "last"), [(0, 21), (8, 21), (0, 5), (8, 16), (0, 0)])
def test_add_pairs_adds_two_channels(first, last):
    rng = np.random.default_rng(0)
    table = random_table(rng, N_SAMPLES, np.full(21, 256))
    rows, pairs = np.arange(3, 60, 2, dtype=np.uint32), rng.integers(-(2**40), 2**40, (29, 2))
    histogram = np.zeros(7 + 2 * 21 * 256, np.int64)
    add_pairs(table.codes.view(np.uint64), rows, pairs.reshape(-1), 2, 27, histogram, 7, first, last)
    for channel in range(2):
        expected = np.zeros(21 * 256, np.int64)
        packed = np.ascontiguousarray(pairs[:, channel])
        add_rows(table.codes.view(np.uint64), rows, packed, 2, 27, expected, 0, first, last)
        np.testing.assert_array_equal(histogram[7 + channel :: 2], expected)
    np.testing.assert_array_equal(histogram[:7], 0)


@pytest.mark.parametrize(("first", "last"), [(0, 45), (0, 24), (8, 45), (16, 24), (24, 45), (40, 45), (0, 0)])
def test_words_that_are_usual_add_the_same(first, last):
    rng = np.random.default_rng(0)
    table = random_table(rng, 70, np.full(45, 256), missing=0.0)
    columns = np.concatenate([table.columns, np.zeros((3, 70), np.uint8)])
    columns[[*range(8, 16), *range(24, 40)]] = rng.choice(np.array([1, 2], np.uint8), (24, 70), p=[0.99, 0.01])
    columns[40:45] = 1
    words = np.ascontiguousarray(columns.T).view(np.uint64)
    usual = usual_words(words)
    assert usual[1].tolist() == [0, 1, 0, 1, 1, 1]
    assert usual[0, 5] == 0x0101010101
    assert usual_words(words[:, ::6].copy()).shape == (2, 0)
    often = np.where(np.arange(70) % 3, 1, words[:, 0])[:, np.newaxis]  # two rows of three, but else eight codes differ
    assert usual_words(often.astype(np.uint64)).shape == (2, 0)
    rows, packed = np.arange(3, 60, 2, dtype=np.uint32), rng.integers(-(2**40), 2**40, 29)
    expected, codes, features = np.zeros(7 + 45 * 256, np.int64), words.view(np.uint8), np.arange(45)
    add_rows(words, rows, packed, 2, 27, expected, 7, first, last)
    for shift in (8, 9):
        for usual_or_none in (usual, usual[:, :0].copy()):
            histogram = np.zeros(7 + (45 << shift), np.int64)
            add_words(
                words, usual_or_none, codes, rows, packed, 2, 27, histogram, 7, shift, features, features << shift,
                first, last,
            )  # fmt: skip
            cells = histogram[7:].reshape(45, 1 << shift)
            np.testing.assert_array_equal(cells[:, :256].ravel(), expected[7:])
            assert not cells[:, 256:].any()
            assert not histogram[:7].any()


@pytest.mark.parametrize("features", [[0, 1, 2, 3, 4], [0, 1], [1], [0, 3, 4]])
@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_accumulate(n_channels, features):
    rng, table, rows = table_and_rows()
    sums = rng.integers(-(2**40), 2**40, (len(rows), n_channels))
    first, last = len(features) // 3, len(features)
    size = (len(N_CODES) << SHIFT) * n_channels
    histogram = np.full(2 * size, UNWRITTEN)
    chosen = np.array(features)
    clear(histogram, size, n_channels, N_CODES, chosen, CELLS, first, last)
    no_words = np.zeros((0, 0), np.uint64)
    accumulate(
        no_words, no_words, table.codes, rows, sums.reshape(-1), 4, 47, histogram, size, SHIFT, n_channels, chosen,
        CELLS, first, last,
    )  # fmt: skip
    expected = np.full((len(N_CODES), 1 << SHIFT, n_channels), UNWRITTEN)
    sums = plain_histogram(table, rows[4:47], sums[4:47], features)
    for feature in features[first:last]:
        expected[feature, : N_CODES[feature]] = sums[feature, : N_CODES[feature]]
    np.testing.assert_array_equal(histogram[size:], expected.ravel())
    np.testing.assert_array_equal(histogram[:size], UNWRITTEN)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_subtract_and_merge(n_channels):
    rng = np.random.default_rng(0)
    size = (len(N_CODES) << SHIFT) * n_channels
    histogram = rng.integers(-(2**60), 2**60, 2 * size)
    before = histogram.copy()
    features = np.array([0, 1, 4])
    subtract(histogram, 0, size, n_channels, N_CODES, features, CELLS, 1, 3)
    touched = np.zeros((len(N_CODES), 1 << SHIFT, n_channels), bool)
    touched[1, : N_CODES[1]] = touched[4, : N_CODES[4]] = True
    touched = touched.ravel()
    np.testing.assert_array_equal(histogram[:size], np.where(touched, before[:size] - before[size:], before[:size]))
    np.testing.assert_array_equal(histogram[size:], before[size:])
    merge(histogram, 0, size, n_channels, N_CODES, features, CELLS, 1, 3)
    np.testing.assert_array_equal(histogram, before)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_complete_writes_what_other_codes_leave(n_channels):
    rng = np.random.default_rng(0)
    cells, n_codes, usual = np.array([20, 0, 14]), np.array([5, 4, 6]), np.array([-1, 3, 1])
    histogram = rng.integers(-(2**60), 2**60, 7 + 25 * n_channels)
    whole = histogram[7:].reshape(25, n_channels).copy()
    whole[3] = whole[15] = 0
    totals = rng.integers(-(2**60), 2**60, n_channels)
    whole[3], whole[15] = totals - whole[:4].sum(axis=0), totals - whole[14:20].sum(axis=0)
    complete(histogram, 7, n_channels, n_codes, np.array([0, 2, 1]), cells, usual, totals, 0, 3)
    np.testing.assert_array_equal(histogram[7:], whole.ravel())


# -- fixed point -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [PACKED_BITS, FINE_BITS])
@pytest.mark.parametrize("n_units", [0.0, 1.0, 1e6, 2.0**28])
def test_scale_is_the_largest_that_cannot_overflow(bits, n_units):
    rng = np.random.default_rng(0)
    for total in [*np.exp(rng.normal(0, 20, 50)), 1.0, 2.0**31, 5e-324, 1e-310, 1e300]:
        scale = power_of_two_scale(total, n_units, bits)
        assert math.frexp(scale)[0] == 0.5
        assert total * scale + 0.5 * n_units <= 2.0**bits - 1
        assert 2.0 * total * scale + 0.5 * n_units > 2.0**bits - 3 or total < 2.0**-900


@pytest.mark.parametrize("total", [0.0, math.nan, -1.0])
def test_scale_of_nothing_is_one(total):
    assert power_of_two_scale(total, 10.0, PACKED_BITS) == 1.0


@pytest.mark.parametrize("weights", ["none", "whole", "fractions"])
def test_pack(weights):
    rng, _, rows = table_and_rows()
    gradient = rng.normal(size=N_SAMPLES).astype(np.float32)
    hessian = rng.random(N_SAMPLES).astype(np.float32)
    whole, fractions = rng.integers(0, 9, N_SAMPLES) * 1.0, rng.random(N_SAMPLES)
    weight = {"none": np.zeros(0), "whole": whole, "fractions": fractions}[weights]
    packed = np.full(50, UNWRITTEN)
    settings = gradient, hessian, weight, weights != "fractions", 2.0**12, 2.0**15, rows, 5, 45
    total = pack(*settings, packed, 1, 0)
    channels = np.full(3 * 50, UNWRITTEN)
    assert pack(*settings, channels, 3, 2) == total == packed[5:45].sum()
    np.testing.assert_array_equal(channels.reshape(-1, 3)[5:45, 2], packed[5:45])
    assert (channels != UNWRITTEN).sum() == 40
    units = weight if weights != "none" else np.ones(N_SAMPLES)
    for i in range(5, 45):
        row = rows[i]
        g, h = float(gradient[row]) * 2.0**12, float(hessian[row]) * 2.0**15
        if weights == "fractions":
            g, h = round(g * units[row]), round(h * units[row])
        else:
            g, h = round(g) * int(units[row]), round(h) * int(units[row])
        assert packed[i] == (g << 32) + h
        assert (packed[i] >> 32, packed[i] & (2**32 - 1)) == (g, h)
    np.testing.assert_array_equal(packed[[*range(5), *range(45, 50)]], UNWRITTEN)


def test_pack_of_all_rows_in_order():
    rng = np.random.default_rng(1)
    gradient, hessian = rng.normal(size=61).astype(np.float32), rng.random(61).astype(np.float32)
    packed = np.full((2, 61), UNWRITTEN)
    settings = gradient, hessian, np.zeros(0), True, 2.0**20, 2.0**25
    totals = [
        pack(*settings, rows, 4, 59, packed[k], 1, 0)
        for k, rows in enumerate([ALL_ROWS, np.arange(61, dtype=np.uint32)])
    ]
    assert totals[0] == totals[1]
    np.testing.assert_array_equal(packed[0], packed[1])


def test_sums_of_packed_cells_never_overflow():
    """The worst targets: all of one sign, with halves that all round away from zero."""
    n = 1000
    for value in (0.5, 1.5, 1e-3, 123.456):
        gradient = np.full(n, -value, np.float32)
        sums = weighted_sums(gradient, -gradient, np.zeros(0), True, ALL_ROWS, 0, n)
        scale = power_of_two_scale(sums[0], n, PACKED_BITS)
        packed = np.empty(n, np.int64)
        rows = np.arange(n, dtype=np.uint32)
        pack(gradient, -gradient, np.zeros(0), True, scale, scale, rows, 0, n, packed, 1, 0)
        total = int(packed.sum())
        assert total >> 32 == sum(int(cell) >> 32 for cell in packed) > -(2**31)
        assert total & (2**32 - 1) == sum(int(cell) & (2**32 - 1) for cell in packed) < 2**31


@pytest.mark.parametrize("weights", ["none", "whole", "fractions"])
def test_weighted_sums(weights):
    rng = np.random.default_rng(0)
    gradient, hessian = rng.normal(size=60).astype(np.float32), rng.random(60).astype(np.float32)
    weight = {"none": np.ones(60), "whole": rng.integers(0, 3, 60) * 1.0, "fractions": rng.integers(0, 3, 60) / 7}
    weight, whole = weight[weights], weights != "fractions"
    given = weight if weights != "none" else np.zeros(0)
    every_third = np.arange(0, 60, 3, dtype=np.uint32)
    for rows, start, stop in [(ALL_ROWS, 7, 55), (every_third, 2, 9)]:
        part = (rows if len(rows) else np.arange(60))[start:stop]
        g, h, w = gradient[part].astype(float), hessian[part].astype(float), weight[part]
        of_one = (h if whole else h * w)[w > 0]
        expected = (abs(g) * w).sum(), (h * w).sum(), of_one.min(), of_one.max()
        sums = weighted_sums(gradient, hessian, given, whole, rows, start, stop)
        assert sums == pytest.approx(expected, rel=1e-12)
        assert sums[2:] == expected[2:]
    assert weighted_sums(gradient, hessian, np.zeros(60), True, ALL_ROWS, 0, 60) == (0.0, 0.0, math.inf, 0.0)


COUNTS = [
    ([], True, [1, 1, 1, 1]),
    ([0.0, 3.0, 2.0, 0.0], True, [0, 3, 2, 0]),
    ([0.0, 0.3, 0.2, 0.0], False, [0, 1, 1, 0]),
]


@pytest.mark.parametrize(("weight", "whole", "expected"), COUNTS)
def test_write_counts(weight, whole, expected):
    packed, rows = np.full((4, 3), UNWRITTEN), np.array([2, 3, 1, 0], np.uint32)
    total = write_counts(np.array(weight), whole, rows, 1, 3, packed.reshape(-1), 3)
    np.testing.assert_array_equal(packed[1:3, 2], [expected[3], expected[1]])
    assert total == expected[3] + expected[1]
    assert (packed != UNWRITTEN).sum() == 2


@pytest.mark.parametrize(("weight", "whole", "expected"), COUNTS)
def test_count_codes(weight, whole, expected):
    counts, column = np.full(7, UNWRITTEN), np.array([1, 2, 1, 0], np.uint8)
    clear_counts(counts, 2, 3)
    for start, stop in ((1, 3), (3, 4)):
        count_codes(column, np.array([2, 3, 1, 0], np.uint32), start, stop, np.array(weight), whole, counts, 2)
    np.testing.assert_array_equal(counts[2:5], [expected[3], expected[0], expected[1]])
    assert (counts != UNWRITTEN).sum() == 3
