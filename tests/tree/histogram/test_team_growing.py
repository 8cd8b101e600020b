"""How many threads grow a tree."""

import pytest

from skensemble.tree.histogram import _team_growing
from skensemble.tree.histogram._team_growing import team_size


@pytest.mark.parametrize(
    ("n_cells", "n_threads", "expected"),
    [(0, 16, 1), (49_999, 16, 1), (50_000, 16, 2), (200_000, 16, 4), (200_000, 2, 2), (10**7, 16, 16), (10**7, 1, 1)],
)
def test_four_times_the_work_is_worth_twice_the_threads(n_cells, n_threads, expected, monkeypatch):
    monkeypatch.setattr(_team_growing, "TEAM_WORK", 50_000)
    assert team_size(n_cells, n_threads) == expected
