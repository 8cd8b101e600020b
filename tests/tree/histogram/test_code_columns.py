import numpy as np
import pytest

from skensemble.tree.histogram import _code_columns
from skensemble.tree.histogram._code_columns import LEAST_WORK, CodeColumns

N_CODES = np.array([250, *[3] * 7, 250, *[3] * 11, 3])


def one_hot(levels, n_levels):
    """(n_levels, n_samples): 2 where a row has the level, else 1."""
    return (1 + (np.arange(n_levels)[:, np.newaxis] == levels)).astype(np.uint8)


@pytest.fixture
def flags():
    """Two numbers, the levels of two categories among them, and a flag that stands alone; missing cells are 0."""
    rng = np.random.default_rng(0)
    n_samples = LEAST_WORK // 20
    numbers = rng.integers(0, 250, (2, n_samples)).astype(np.uint8)
    first, second = (one_hot(rng.integers(0, n, n_samples), n) for n in (7, 11))
    second[3, second[3] == 2] = 0
    alone = (1 + (rng.random((1, n_samples)) < 0.3)).astype(np.uint8)
    return np.concatenate([numbers[:1], first, numbers[1:], second, alone])


def test_levels_of_a_category_share_a_column(flags):
    columns = CodeColumns.shared(flags, N_CODES)
    assert columns.groups == [[0], [*range(1, 8)], [8], [*range(9, 20)], [20]]
    assert columns.usual.tolist() == [-1, *[1] * 7, -1, *[1] * 11, -1]


def test_a_column_tells_which_feature_is_unusual(flags):
    columns = CodeColumns.shared(flags, N_CODES)
    codes, fields = columns.codes(flags, N_CODES), columns.fields(N_CODES)
    assert codes.shape == (flags.shape[1], 8)
    assert fields["column_starts"].tolist() == [0, 1, 8, 9, 20, 21]
    assert fields["features_by_column"].tolist() == [*range(21)]
    rows = np.arange(flags.shape[1])
    is_unusual = flags != columns.usual[:, np.newaxis]
    for column, group in enumerate(columns.groups):
        cells = fields["column_cells"][column] + codes[:, column].astype(int)
        unusual = is_unusual[group].any(axis=0)
        feature = np.where(unusual, np.array(group)[is_unusual[group].argmax(axis=0)], group[0])
        np.testing.assert_array_equal(cells, fields["cells"][feature] + flags[feature, rows])


def test_features_that_meet_in_one_row_do_not_share(flags):
    row = flags.shape[1] - 1  # not in the sample
    flags[3:5, row] = 2
    groups = CodeColumns.shared(flags, N_CODES).groups
    assert any({3, 5} <= set(group) for group in groups)
    assert not any({3, 4} <= set(group) for group in groups)


def test_a_column_has_no_more_cells_than_a_byte_has_values(monkeypatch):
    monkeypatch.setattr(_code_columns, "MOST_CELLS", 10)
    levels = one_hot(np.arange(LEAST_WORK // 10) % 20, 20)
    groups = CodeColumns.shared(levels, np.full(20, 3)).groups
    assert groups == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11], [12, 13, 14], [15, 16, 17], [18, 19]]


@pytest.mark.parametrize("what", ["small", "numbers", "no shorter rows"])
def test_features_keep_columns_of_their_own(flags, what):
    n_codes = N_CODES.copy()
    if what == "small":
        flags = flags[:, : LEAST_WORK // 21 - 1]
    elif what == "numbers":
        flags, n_codes[:] = np.concatenate([flags[:1]] * 21), 250
    else:
        flags, n_codes[:] = np.concatenate([flags[:1]] * 7 + [flags[1:3]] + [flags[:1]] * 12), 250
        n_codes[7:9] = 3
    columns = CodeColumns.shared(flags, n_codes)
    assert columns.groups == [[feature] for feature in range(21)]
    assert (columns.usual == -1).all()


@pytest.mark.parametrize(
    ("dtype", "n_features", "most", "shift"),
    [
        (np.uint8, 23, 30, 8),
        (np.uint8, 24, 30, 5),
        (np.uint8, 24, 33, 8),
        (np.uint8, 256, 33, 6),
    ],
)
def test_cells_of_many_columns_of_few_codes_stand_close(dtype, n_features, most, shift):
    n_codes = np.full(n_features, 3)
    n_codes[1] = most
    assert CodeColumns.own(n_codes, dtype).shift == shift


def test_cells_of_wide_columns_stand_side_by_side():
    n_codes = np.array([300, 3, 17])
    fields = CodeColumns.own(n_codes, np.uint16).fields(n_codes)
    assert fields["cells"].tolist() == fields["column_cells"].tolist() == [0, 304, 312]


@pytest.mark.parametrize("wide", [[0], [9], [3, 20]])
def test_wide_features_come_last_and_leave_the_others_narrow(flags, wide):
    rng, n_codes, table = np.random.default_rng(1), N_CODES.copy(), flags.astype(np.uint16)
    n_codes[wide] = 300
    table[wide] = rng.integers(0, 300, (len(wide), table.shape[1]))
    narrow = np.setdiff1d(np.arange(21), wide)
    columns, alone = CodeColumns.of(table, n_codes), CodeColumns.shared(flags[narrow], n_codes[narrow])
    assert columns.groups[: columns.n_narrow] == [narrow[group].tolist() for group in alone.groups]
    assert columns.groups[columns.n_narrow :] == [[feature] for feature in wide]
    np.testing.assert_array_equal(columns.codes(table, n_codes), alone.codes(flags[narrow], n_codes[narrow]))
    fields, own = columns.fields(n_codes), alone.fields(n_codes[narrow])
    np.testing.assert_array_equal(fields["cells"][narrow], own["cells"])
    n_cells = own["n_column_cells"]
    assert fields["cells"][wide].tolist() == [n_cells + 304 * k for k in range(len(wide))]
    assert fields["n_column_cells"] == n_cells + 304 * len(wide)


def test_a_table_of_mostly_wide_features_is_read_as_it_is():
    columns = CodeColumns.of(np.zeros((3, 10), np.uint16), np.array([300, 5, 400]))
    assert (columns.groups, columns.n_narrow) == ([[0], [1], [2]], 0)
    assert columns.codes(np.zeros((3, 10), np.uint16), np.array([300, 5, 400])).shape == (0, 8)


def test_features_do_not_share_where_cells_would_no_longer_stand_close():
    rng = np.random.default_rng(0)
    alone = (1 + (rng.random((40, 3000)) < 0.4)).astype(np.uint8)
    levels = one_hot(rng.integers(0, 40, 3000), 40)
    columns = CodeColumns.shared(np.concatenate([alone, levels]), np.full(80, 3))
    assert len(columns.groups) == 80
    assert columns.shift == 2
    columns = CodeColumns.shared(levels, np.full(40, 3))
    assert columns.groups == [[*range(40)]]
    assert columns.shift == 8
