"""Which levels of a column of categories a split sends left, and where missing cells go."""

import numpy as np

from skensemble.tree.trees._marks import NUMERIC


def left_categories(trees, binner, node):
    """Categories of the node's feature that go left (an array of their values), or None for a numeric split."""
    start, count = trees.category_start[node], trees.category_count[node]
    if start == NUMERIC:
        return None
    feature = trees.feature[node]
    categories, n_codes = binner.categories_[feature], binner.n_codes_[feature]
    code = np.minimum(np.arange(1, len(categories) + 1), n_codes - 1)
    words = np.append(trees.category_words[start : start + count], np.uint64(0))
    word = words[np.minimum(code >> 6, count)]
    return categories[(word >> (code & 63).astype(np.uint64)) & np.uint64(1) == 1]


def missing_go_left(trees):
    """(n_nodes,) bool: whether rows without a value go left."""
    missing_left = trees.missing_left.copy()
    categorical = np.flatnonzero(trees.category_start != NUMERIC)
    first_word = trees.category_words[trees.category_start[categorical]]
    missing_left[categorical] = (first_word & np.uint64(1)).astype(bool)
    return missing_left
