"""Random trees and rows that reach their corners: ties, NaN, infinities, categories inside and outside the sets."""

import numpy as np

from skensemble.tree.trees._tree_arrays import concatenate, single_tree

GRID = np.array([-np.inf, -1.5, -0.0, 0.5, 1.0, np.inf])


def random_rows(rng, n_rows, n_features, n_categorical=1):
    """Encoded rows: the last `n_categorical` features are codes."""
    X = rng.choice([*GRID, np.nan, 0.25, 2.0], (n_rows, n_features))
    for feature in range(n_features - n_categorical, n_features):
        largest = 2 ** rng.integers(1, 11, n_rows)
        X[:, feature] = np.where(rng.random(n_rows) < 0.1, np.nan, rng.integers(1, largest + 1))
    return X


def random_tree(rng, n_leaves, n_features, output, n_values=1, n_categorical=1, siblings_adjacent=True):
    """A tree grown by splitting random leaves; the last `n_categorical` features are categorical."""
    children, order = {}, [0]
    leaves = [0]
    while len(leaves) < n_leaves:
        node = leaves.pop(rng.integers(len(leaves)))
        children[node] = (len(order), len(order) + 1)
        leaves += children[node]
        order += children[node]
    n_nodes = 2 * n_leaves - 1
    number = np.arange(n_nodes)
    if not siblings_adjacent:
        number = _preorder(children, n_nodes)
    left, right = np.full(n_nodes, -1), np.full(n_nodes, -1)
    for node, (a, b) in children.items():
        left[number[node]], right[number[node]] = number[a], number[b]
    return _tree(rng, left, right, _random_splits(rng, n_nodes, n_features, n_categorical), output, n_values)


def _preorder(children, n_nodes):
    number, stack = np.empty(n_nodes, int), [0]
    for i in range(n_nodes):
        node = stack.pop()
        number[node] = i
        stack += reversed(children.get(node, ()))
    return number


def symmetric_tree(rng, depth, n_features, output, n_values=1, n_categorical=1):
    n_nodes = 2 ** (depth + 1) - 1
    number = np.arange(n_nodes)
    inner = number < 2**depth - 1
    splits = _random_splits(rng, depth + 1, n_features, n_categorical)
    level = np.frexp(number + 1)[1] - 1
    left = np.where(inner, 2 * number + 1, -1)
    right = np.where(inner, 2 * number + 2, -1)
    return _tree(rng, left, right, [splits[i] for i in level], output, n_values, symmetric=True)


def _random_splits(rng, n_splits, n_features, n_categorical):
    """(feature, threshold, missing_left, words or None) of each split."""
    splits = []
    for _ in range(n_splits):
        feature = int(rng.integers(n_features))
        n_words = int(rng.choice([1, 2, 12]))
        words = rng.integers(0, 2**63, n_words, dtype=np.uint64) if feature >= n_features - n_categorical else None
        splits.append((feature, rng.choice(GRID), bool(rng.random() < 0.5), words))
    return splits


def _tree(rng, left, right, splits, output, n_values, symmetric=False):
    n_nodes = len(left)
    inner = left >= 0
    categorical = np.array([words is not None for *_, words in splits]) & inner
    sets = [splits[i][3] for i in np.flatnonzero(categorical)]
    sizes = np.array([len(words) for words in sets], int)
    start, count = np.full(n_nodes, -1), np.zeros(n_nodes)
    start[categorical], count[categorical] = np.cumsum(sizes) - sizes, sizes
    rows = np.where(inner, 0, rng.integers(1, 50, n_nodes))
    for node in np.flatnonzero(inner)[::-1]:
        rows[node] = rows[left[node]] + rows[right[node]]
    return single_tree(
        feature=np.where(inner, [feature for feature, *_ in splits], -1),
        threshold=np.where(inner & ~categorical, [threshold for _, threshold, *_ in splits], np.nan),
        left=left,
        right=right,
        missing_left=[missing_left for *_, missing_left, _ in splits] & inner & ~categorical,
        category_start=start,
        category_count=count,
        category_words=np.concatenate([np.zeros(0, np.uint64), *sets]),
        cover=rows / 4,
        count=rows,
        gain=np.where(inner, rng.random(n_nodes), 0.0),
        values=rng.normal(size=(n_nodes, n_values)),
        output=output,
        symmetric=symmetric,
    )


def random_forest(rng, n_trees, n_features, n_outputs=1, vector=False, n_categorical=1, max_leaves=100):
    """Ordinary and symmetric trees, numbered in either way, small and large."""
    trees = []
    for i in range(n_trees):
        output = -1 if vector else i % n_outputs
        common = {"n_features": n_features, "output": output, "n_categorical": n_categorical}
        common["n_values"] = n_outputs if vector else 1
        if rng.random() < 0.25:
            trees.append(symmetric_tree(rng, int(rng.integers(7)), **common))
        else:
            n_leaves = int(rng.choice([1, 2, 31, 32, 33, max_leaves]))
            adjacent = bool(rng.random() < 0.5)
            trees.append(random_tree(rng, n_leaves, siblings_adjacent=adjacent, **common))
    return concatenate(trees)
