"""What a split asks: sets of categories by the shorter list, and questions about missing cells."""

import numpy as np
import pandas as pd
import pytest

from skensemble import DecisionTreeClassifier, DecisionTreeRegressor
from skensemble.inspection._splits import asks_whether_missing, category_set, is_split

LETTERS = pd.DataFrame({"letter": list("abcdefgh")})


@pytest.mark.parametrize("chosen", ["a", "bcd", "abcdefg"])
def test_the_shorter_list_of_categories_is_told(chosen):
    is_chosen = LETTERS["letter"].isin(list(chosen)).astype(float)
    tree = DecisionTreeRegressor(max_depth=1, min_frequency=None).fit(LETTERS, is_chosen)
    word, names = category_set(tree.tree_, 0)
    others = sorted(set(LETTERS["letter"]) - set(chosen))
    assert names in (list(chosen), others)
    assert len(names) <= 4
    left_row = tree.tree_.apply(LETTERS) == 1
    assert (LETTERS["letter"].isin(names) == (left_row if word == "in" else ~left_row)).all()


def test_categories_that_share_a_code_are_all_told():
    words = pd.DataFrame({"word": ["a"] * 6 + ["b"] * 4 + ["c", "d"]})
    tree = DecisionTreeRegressor(max_depth=1, max_bins=3).fit(words, words["word"].isin(["c", "d"]).astype(float))
    _, names = category_set(tree.tree_, 0)
    assert names in (["c", "d"], ["a", "b"])


def test_numbers_have_no_categories():
    tree = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1])
    assert category_set(tree.tree_, 0) is None
    assert category_set(tree.to_sklearn().tree_, 0) is None
    assert [is_split(tree.tree_, node) for node in range(3)] == [True, False, False]


def test_whether_a_split_only_looks_for_missing_cells():
    x = np.array([[0.0], [1.0], [np.nan], [np.nan]])
    assert asks_whether_missing(DecisionTreeRegressor(max_depth=1).fit(x, [0, 0, 1, 1]).tree_, 0)
    assert not asks_whether_missing(DecisionTreeRegressor(max_depth=1).fit(x, [0, 1, 1, 1]).tree_, 0)
