"""Nodes of foreign trees, numbered in any way, become TreeArrays."""

from dataclasses import dataclass, field

import numpy as np

from skensemble.imported._foreign_lines import slopes_of
from skensemble.tree.trees._marks import ALL_OUTPUTS, NO_CHILD, NO_FEATURE, NUMERIC
from skensemble.tree.trees._tree_arrays import DTYPES, TreeArrays, validate_trees

_LARGEST_COUNT = 1 << 30


@dataclass
class ForeignNodes:
    """All nodes of all trees, as a foreign model lists them; a child may stand anywhere, and a node may be unused.

    roots : (n_trees,) int64
    left, right : (n_nodes,) int64 numbers of the children, NO_CHILD at a leaf
    feature : (n_nodes,) int64;  threshold : (n_nodes,) float64;  missing_left : (n_nodes,) bool
        What leaves hold there has no meaning.
    values : (n_nodes, n_values) float64
    weight : (n_nodes,) float64, sums of the weights of the rows that grew the trees, or what stands for them
    gain : (n_nodes,) float64 or None
    output : (n_trees,) int64 or None: leaves hold a value for each output
    symmetric : (n_trees,) bool or None: none is
    sets : dict, number of a node that splits categories -> bool array, whether the category of each code goes left
    lines : dict, number of a leaf with a line -> (features, means, slopes)
    """

    roots: np.ndarray
    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    values: np.ndarray
    weight: np.ndarray
    gain: np.ndarray | None = None
    output: np.ndarray | None = None
    symmetric: np.ndarray | None = None
    sets: dict = field(default_factory=dict)
    lines: dict = field(default_factory=dict)

    def slopes(self, trees):
        """LeafSlopes beside the TreeArrays of these nodes, or None if no leaf has a line."""
        return (
            slopes_of(self.lines, trees, _breadth_first(self.roots, self.left, self.right)[0]) if self.lines else None
        )

    def trees(self, n_features, n_outputs):
        """TreeArrays; a ValueError says what is wrong with the nodes."""
        order, roots, depth = _breadth_first(self.roots, self.left, self.right)
        place = np.full(len(self.left), NO_CHILD)
        place[order] = np.arange(len(order))
        is_leaf = self.left[order] == NO_CHILD
        start, count, words = self._words(order)
        is_numeric = ~is_leaf & (start == NUMERIC)
        weight = np.asarray(self.weight, np.float64)[order]
        arrays = {
            "feature": np.where(is_leaf, NO_FEATURE, self.feature[order]),
            "threshold": np.where(is_numeric, self.threshold[order], np.nan),
            "left": np.where(is_leaf, NO_CHILD, place[self.left[order]]),
            "right": np.where(is_leaf, NO_CHILD, place[self.right[order]]),
            "missing_left": self.missing_left[order] & is_numeric,
            "category_start": start,
            "category_count": count,
            "category_words": words,
            "cover": weight,
            "count": _ranks_of(weight),
            "gain": np.zeros(len(order)) if self.gain is None else np.where(is_leaf, 0.0, self.gain[order]),
            "impurity": np.zeros(0),
            "values": self.values[order],
            "roots": roots,
            "output": np.full(len(roots), ALL_OUTPUTS) if self.output is None else self.output,
            "depth": depth,
            "symmetric": np.zeros(len(roots)) if self.symmetric is None else self.symmetric,
        }
        trees = TreeArrays(**{name: np.ascontiguousarray(arrays[name], DTYPES[name]) for name in TreeArrays._fields})
        validate_trees(trees, n_features, n_outputs)
        return trees

    def _words(self, order):
        """(category_start, category_count, category_words) of the nodes in their new order."""
        start, count = np.full(len(order), NUMERIC), np.zeros(len(order), np.int64)
        parts, n_words = [np.zeros(0, np.uint64)], 0
        for place, node in enumerate(order.tolist()) if self.sets else ():
            goes_left = self.sets.get(node)
            if goes_left is not None and self.left[node] != NO_CHILD:
                padded = np.zeros(-(-len(goes_left) // 64) * 64, bool)
                padded[: len(goes_left)] = goes_left
                parts.append(np.packbits(padded, bitorder="little").view("<u8").astype(np.uint64))
                start[place], count[place] = n_words, len(parts[-1])
                n_words += len(parts[-1])
        return start, count, np.concatenate(parts)


def _breadth_first(roots, left, right):
    """(order, first node of each tree in it, depth of each tree): trees one by one, parents first."""
    n_nodes = len(left)
    level, tree = np.asarray(roots, np.int64), np.arange(len(roots))
    levels, trees, depth, n_reached = [], [], np.zeros(len(roots), np.int64), 0
    for n_above in range(n_nodes + 1):
        if not len(level):
            break
        if ((level < 0) | (level >= n_nodes)).any():
            raise ValueError("a child must be one of the nodes of its tree")
        n_reached += len(level)
        if n_reached > n_nodes:
            raise ValueError("a node must have one parent")
        depth[tree] = n_above
        levels.append(level)
        trees.append(tree)
        is_split = left[level] != NO_CHILD
        splits = level[is_split]
        level = np.column_stack((left[splits], right[splits])).ravel()
        tree = np.repeat(tree[is_split], 2)
    order, trees = np.concatenate([*levels, np.zeros(0, np.int64)]), np.concatenate([*trees, np.zeros(0, np.int64)])
    if np.bincount(order, minlength=1).max(initial=0) > 1:
        raise ValueError("a node must have one parent")
    order = order[np.argsort(trees, kind="stable")]
    sizes = np.bincount(trees, minlength=len(roots))
    return order, np.cumsum(sizes) - sizes, depth


def _ranks_of(weight):
    """Whole numbers in proportion to weights, from which prediction takes which nodes most rows reach."""
    largest = weight.max(initial=0.0)
    if not np.isfinite(largest) or largest <= 0:
        return np.zeros(len(weight), np.int64)
    is_whole = np.array_equal(weight, np.rint(weight)) and largest < _LARGEST_COUNT
    return np.rint(np.maximum(weight, 0.0) if is_whole else np.maximum(weight, 0.0) * (_LARGEST_COUNT / largest))
