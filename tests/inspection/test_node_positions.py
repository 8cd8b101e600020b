"""Drawn trees obey the rules of tidy drawings, whatever their shape."""

import numpy as np
import pytest

from skensemble.inspection._node_positions import node_positions

LEAF = -1


def _random_tree(n_splits, rng):
    """Children of a random binary tree, grown by splitting one random leaf after the other."""
    left, right = [LEAF], [LEAF]
    for _ in range(n_splits):
        node = rng.choice([node for node, child in enumerate(left) if child == LEAF])
        left[node], right[node] = len(left), len(left) + 1
        left += [LEAF, LEAF]
        right += [LEAF, LEAF]
    return np.array(left), np.array(right)


def _chain(n_splits):
    """A tree that goes down to the right only, one node a level."""
    left = np.full(2 * n_splits + 1, LEAF)
    right = left.copy()
    left[: 2 * n_splits : 2] = np.arange(1, 2 * n_splits, 2)
    right[: 2 * n_splits : 2] = np.arange(2, 2 * n_splits + 1, 2)
    return left, right


TREES = [_random_tree(n_splits, np.random.default_rng(n_splits)) for n_splits in (0, 1, 2, 5, 20, 60)] + [_chain(30)]


@pytest.mark.parametrize(("left", "right"), TREES)
def test_parents_stand_in_the_middle_one_row_above_their_children(left, right):
    x, y = node_positions(left, right)
    split = np.flatnonzero(left != LEAF)
    np.testing.assert_allclose(x[split], (x[left[split]] + x[right[split]]) / 2)
    np.testing.assert_array_equal(y[left[split]], y[split] + 1)
    np.testing.assert_array_equal(y[right[split]], y[split] + 1)
    assert (x[left[split]] < x[right[split]]).all()
    assert x.min() == y.min() == 0


@pytest.mark.parametrize(("left", "right"), TREES)
def test_nodes_of_a_row_are_one_apart(left, right):
    x, y = node_positions(left, right)
    gaps = [np.diff(np.sort(x[y == depth])) for depth in np.unique(y)]
    assert np.concatenate(gaps).min(initial=1) >= 1 - 1e-9


@pytest.mark.parametrize(("left", "right"), TREES)
def test_the_mirror_image_of_a_tree_is_drawn_as_the_mirror_image(left, right):
    x, y = node_positions(left, right)
    mirrored_x, mirrored_y = node_positions(right, left)
    np.testing.assert_allclose(mirrored_x, x.max() - x, atol=1e-9)
    np.testing.assert_array_equal(mirrored_y, y)


def test_a_complete_tree_fills_its_last_row():
    left = np.array([1, 2, LEAF, LEAF, 5, LEAF, LEAF])
    right = np.array([4, 3, LEAF, LEAF, 6, LEAF, LEAF])
    x, _ = node_positions(left, right)
    assert x.tolist() == [1.5, 0.5, 0, 1, 2.5, 2, 3]
