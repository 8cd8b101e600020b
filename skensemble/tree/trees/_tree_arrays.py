"""One container for a tree, a forest, a booster: flat arrays over all nodes of all trees, and their validation."""

import itertools
from typing import NamedTuple

import numpy as np

from skensemble._parallel import in_order
from skensemble.tree.trees._marks import ALL_OUTPUTS, NO_CHILD, NO_FEATURE, NUMERIC

NODE_FIELDS = {
    "feature": np.int32,
    "threshold": np.float64,
    "left": np.int32,
    "right": np.int32,
    "missing_left": np.bool_,
    "category_start": np.int32,
    "category_count": np.int32,
    "cover": np.float64,
    "count": np.int64,
    "gain": np.float64,
    "impurity": np.float64,
    "values": np.float64,
}
TREE_FIELDS = {"roots": np.int64, "output": np.int32, "depth": np.int32, "symmetric": np.bool_}
NODE_NUMBERS = {"left", "right", "category_start"}  # negative: nothing
MANY_NODES = 1 << 17  # from which on several threads join trees
DTYPES = {**NODE_FIELDS, "category_words": np.uint64, **TREE_FIELDS}


class TreeArrays(NamedTuple):
    """All nodes of all trees, tree after tree; node numbers are absolute and a child's is larger than its parent's.

    A numeric split sends `x <= threshold` left, NaN left iff `missing_left`.  A categorical split sends code c left iff
    bit c of its words is set; bit 0 is the missing (or unseen) category, and codes past the last word go right.
    """

    feature: np.ndarray  # (n_nodes,) -1 at a leaf
    threshold: np.ndarray  # (n_nodes,) NaN at a leaf and at a categorical split
    left: np.ndarray  # (n_nodes,) -1 at a leaf
    right: np.ndarray  # (n_nodes,) -1 at a leaf
    missing_left: np.ndarray  # (n_nodes,)
    category_start: np.ndarray  # (n_nodes,) first of the node's words; -1: numeric
    category_count: np.ndarray  # (n_nodes,) number of words
    cover: np.ndarray  # (n_nodes,) sum over the node's rows: of hessians (boosting) or of weights (CART); (0,): unknown
    count: np.ndarray  # (n_nodes,) number of training rows
    gain: np.ndarray  # (n_nodes,) 0 at a leaf; (0,) of a slim model
    impurity: np.ndarray  # (n_nodes,) of the node's rows; (0,) of trees grown on gradients, and of a slim model
    values: np.ndarray  # (n_nodes, n_values) what the node adds to the prediction, were it a leaf
    category_words: np.ndarray  # (n_words,)
    roots: np.ndarray  # (n_trees,) ascending; a tree's nodes end where the next tree's begin
    output: np.ndarray  # (n_trees,) column of the prediction that the tree adds to; -1: to all
    depth: np.ndarray  # (n_trees,) largest number of splits above a leaf
    symmetric: np.ndarray  # (n_trees,) complete, breadth-first, with one split per level

    @property
    def n_trees(self):
        return len(self.roots)

    @property
    def n_nodes(self):
        return len(self.feature)

    @property
    def n_values(self):
        return self.values.shape[1]

    @property
    def bounds(self):
        """(n_trees + 1,) tree t owns the nodes bounds[t] : bounds[t + 1]."""
        return np.append(self.roots, self.n_nodes)

    @property
    def is_leaf(self):
        return self.left == NO_CHILD

    @property
    def n_leaves(self):
        """(n_trees,) number of leaves of each tree."""
        ends = np.concatenate(([0], np.cumsum(self.is_leaf)))
        return np.diff(ends[self.bounds])

    @property
    def tree_of_node(self):
        return np.repeat(np.arange(self.n_trees), np.diff(self.bounds))

    @property
    def nbytes(self):
        return sum(array.nbytes for array in self)

    @property
    def is_slim(self):
        """Whether splits have no gains, and nodes that are no leaves no values: predictions need neither."""
        return self.n_nodes > 0 and len(self.gain) == 0

    def check_complete(self, what):
        """Raise an AttributeError about `what`, which needs all of the trees, if they are slim."""
        if self.is_slim:
            raise AttributeError(
                f"{what} needs gains and impurities of nodes, and this model comes from a file that was saved with "
                "slim=True, which leaves them out."
            )

    def part(self, first, last):
        """The trees first .. last - 1; arrays without node numbers are views."""
        bounds = self.bounds
        start, stop = bounds[min(first, self.n_trees)], bounds[min(last, self.n_trees)]
        nodes = {name: getattr(self, name)[start:stop] for name in NODE_FIELDS}
        trees = {name: getattr(self, name)[first:last] for name in TREE_FIELDS}
        if start > 0:
            for name in ("left", "right"):
                nodes[name] = np.where(nodes[name] == NO_CHILD, NO_CHILD, nodes[name] - np.int32(start))
            trees["roots"] = trees["roots"] - start
        return TreeArrays(category_words=self.category_words, **nodes, **trees)

    def feature_importances(self, n_features, importance_type="gain"):
        """(n_features,) sum of gains, sum of covers, or number of splits of each feature; not normalised."""
        self.check_complete("feature_importances_")
        splits = ~self.is_leaf
        weights = {"gain": self.gain, "cover": self.cover, "split": np.ones(self.n_nodes)}
        if importance_type not in weights:
            raise ValueError(f"importance_type must be one of {sorted(weights)}, got {importance_type!r}.")
        return np.bincount(self.feature[splits], weights[importance_type][splits], minlength=n_features)


def single_tree(*, output=ALL_OUTPUTS, depth=None, symmetric=False, **arrays):
    """TreeArrays of one tree from the arrays of its nodes, the root first; categories may be left out."""
    n_nodes = len(arrays["feature"])
    arrays.setdefault("category_start", np.full(n_nodes, NUMERIC))
    arrays.setdefault("category_count", np.zeros(n_nodes))
    arrays.setdefault("category_words", np.zeros(0))
    arrays.setdefault("impurity", np.zeros(0))
    if depth is None:
        root = np.arange(min(n_nodes, 1))
        depth = _depth_of_nodes(np.asarray(arrays["left"]), np.asarray(arrays["right"]), root).max(initial=0)
    arrays.update(roots=[0], output=[output], depth=[depth], symmetric=[symmetric])
    arrays["values"] = np.reshape(arrays["values"], (n_nodes, -1))
    return TreeArrays(**{name: np.ascontiguousarray(arrays[name], DTYPES[name]) for name in TreeArrays._fields})


def empty_trees(n_values=1):
    """TreeArrays without a tree."""
    shapes = {"values": (0, n_values)}
    return TreeArrays(**{name: np.empty(shapes.get(name, 0), DTYPES[name]) for name in TreeArrays._fields})


def concatenate(forests, n_threads=1):
    """One TreeArrays with the trees of all `forests` (a non-empty list of TreeArrays), in order."""
    if len(forests) == 1:
        return forests[0]
    names = sorted(TreeArrays._fields, key=NODE_NUMBERS.__contains__, reverse=True)  # what takes longest first
    sizes, words = ([len(getattr(forest, name)) for forest in forests] for name in ("feature", "category_words"))
    shifts = {
        "left": _before(sizes),
        "right": _before(sizes),
        "roots": _before(sizes),
        "category_start": _before(words),
    }

    def join(name):
        joined = np.concatenate([getattr(forest, name) for forest in forests])
        if name in shifts:
            _shift(joined, shifts[name], [len(getattr(forest, name)) for forest in forests])
        return joined

    n_threads = n_threads if sum(sizes) > MANY_NODES else 1
    return TreeArrays(**dict(zip(names, in_order(join, names, n_threads))))


def _before(sizes):
    return [0, *itertools.accumulate(sizes)]


def _shift(numbers, shifts, sizes):
    """Add shifts[k] to the k-th part of the numbers, but not where they stand for nothing."""
    shift_of_each = np.repeat(np.array(shifts[: len(sizes)], numbers.dtype), sizes)
    np.add(numbers, shift_of_each, out=numbers, where=numbers >= 0)


def split_trees(trees):
    """List of TreeArrays of one tree each; but for node numbers they are views."""
    bounds, roots = trees.bounds.tolist(), np.repeat(trees.roots, np.diff(trees.bounds)).astype(np.int32)
    numbers = {
        name: np.where(child == NO_CHILD, NO_CHILD, child - roots)
        for name, child in (("left", trees.left), ("right", trees.right))
    }
    nodes = {name: getattr(trees, name) for name in NODE_FIELDS} | numbers
    of_tree = {name: getattr(trees, name) for name in TREE_FIELDS} | {"roots": np.zeros_like(trees.roots)}
    return [
        TreeArrays(
            category_words=trees.category_words,
            **{name: values[bounds[t] : bounds[t + 1]] for name, values in nodes.items()},
            **{name: values[t : t + 1] for name, values in of_tree.items()},
        )
        for t in range(trees.n_trees)
    ]


def parents(trees):
    """(n_nodes,) int32: the parent of each node, -1 for a root."""
    parent = np.full(trees.n_nodes, -1, np.int32)
    splits = np.flatnonzero(~trees.is_leaf)
    parent[trees.left[splits]] = splits
    parent[trees.right[splits]] = splits
    return parent


def depth_of_nodes(trees):
    """(n_nodes,) int32: number of splits above each node."""
    return _depth_of_nodes(trees.left, trees.right, trees.roots)


def _depth_of_nodes(left, right, roots):
    """One pass per level: the roots, their children, and so on."""
    depth = np.zeros(len(left), np.int32)
    splits, level = left != NO_CHILD, roots
    left, right = left.astype(np.intp), right.astype(np.intp)  # of which NumPy looks up places twice as fast
    for steps in range(1, len(left) + 1):
        level = level[splits[level]]
        if not len(level):
            break
        level = np.concatenate((left[level], right[level]))
        depth[level] = steps
    return depth


# -- validation ------------------------------------------------------------------------------------------------------


def validate_trees(trees, n_features, n_outputs):
    """Raise a ValueError that says what is wrong unless every kernel can safely run over `trees`."""
    _check_shapes(trees)
    _check_roots(trees)
    _check_outputs(trees, n_outputs)
    _check_children(trees)
    _check_splits(trees, n_features)
    _check_numbers(trees)
    _check_depths(trees)
    _check_symmetric(trees)


def _require(good, what, where="node"):
    """Raise about the first entry of `good` that is False."""
    if not good if isinstance(good, bool) else not good.all():
        raise ValueError(f"Malformed trees: {what} ({where} {int(np.argmin(good))}).")


def _check_shapes(trees):
    lengths = {**dict.fromkeys(NODE_FIELDS, len(trees.feature)), **dict.fromkeys(TREE_FIELDS, len(trees.roots))}
    for name, dtype in DTYPES.items():
        array = getattr(trees, name)
        n_dims = 2 if name == "values" else 1
        if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != n_dims:
            raise ValueError(f"Malformed trees: {name} must be a {n_dims}-dimensional array of {np.dtype(dtype)}.")
        if name in ("gain", "cover", "impurity") and len(array) == 0:
            continue
        if len(array) != lengths.get(name, len(array)):
            raise ValueError(f"Malformed trees: {name} must have length {lengths[name]}, got {len(array)}.")


def _check_roots(trees):
    if trees.n_trees == 0:
        _require(trees.n_nodes == 0, "there are nodes but no roots")
        return
    _require(trees.roots[0] == 0, "the first tree must begin at node 0", "tree")
    _require(np.diff(trees.bounds) > 0, "every tree must have a node, and roots must ascend", "tree")


def _check_outputs(trees, n_outputs):
    to_all = trees.output == ALL_OUTPUTS
    in_range = (trees.output >= 0) & (trees.output < n_outputs)
    _require(to_all | in_range, f"output must be in [-1, {n_outputs})", "tree")
    _require(~to_all | (trees.n_values == n_outputs), f"a tree for all needs {n_outputs} values per node", "tree")
    _require(to_all | (trees.n_values == 1), "a tree for one output needs 1 value per node", "tree")


def _check_children(trees):
    """Children lie after their parent, inside its tree, and have no other parent: so every path ends at a leaf."""
    left, right, is_leaf = trees.left, trees.right, trees.is_leaf
    _require(is_leaf == (right == NO_CHILD), "a node must have two children or none")
    _require(is_leaf == (trees.feature == NO_FEATURE), "a node must have a feature if and only if it has children")
    ends = np.repeat(trees.bounds[1:], np.diff(trees.bounds))
    own = np.arange(trees.n_nodes, dtype=np.int32)
    for name, child in [("left", left), ("right", right)]:
        _require(is_leaf | ((child > own) & (child < ends)), f"{name} must be a later node of the same tree")
    splits = np.flatnonzero(~is_leaf)
    n_parents = np.bincount(np.concatenate((left[splits], right[splits])), minlength=trees.n_nodes)
    wanted = np.ones(trees.n_nodes, int)
    wanted[trees.roots] = 0
    _require(n_parents == wanted, "every node but a root must have exactly one parent")


def _check_splits(trees, n_features):
    splits = ~trees.is_leaf
    categorical = trees.category_start != NUMERIC
    _require(~splits | (trees.feature >= 0) & (trees.feature < n_features), f"feature must be in [0, {n_features})")
    _require(splits | ~categorical, "a leaf must have no categories")
    _require(~splits | categorical | ~np.isnan(trees.threshold), "the threshold of a numeric split must not be NaN")
    last = trees.category_start.astype(np.int64) + trees.category_count
    inside = (trees.category_start >= 0) & (trees.category_count >= 1) & (last <= len(trees.category_words))
    _require(~categorical | inside, "category_start and category_count must lie inside category_words")


def _check_numbers(trees):
    _require(np.isfinite(trees.values).all(axis=1), "values must be finite")
    for name in ("gain", "cover", "impurity"):
        _require(np.isfinite(getattr(trees, name)), f"{name} must be finite")
    _require(trees.count >= 0, "count must not be negative")


def _check_depths(trees):
    if trees.n_trees:
        true_depth = np.maximum.reduceat(depth_of_nodes(trees), trees.roots)
        _require(trees.depth >= true_depth, "depth must be at least the depth of the tree", "tree")


def _check_symmetric(trees):
    if not trees.symmetric.any():
        return
    chosen = np.flatnonzero(trees.symmetric)
    sizes = np.diff(trees.bounds)[chosen]
    depth = trees.depth[chosen].astype(np.int64)
    complete = (depth < 31) & (sizes == (2 << np.clip(depth, 0, 31)) - 1)
    _require(complete, "a symmetric tree must be complete", "symmetric tree")
    nodes = np.flatnonzero(trees.symmetric[trees.tree_of_node] & ~trees.is_leaf)
    root = trees.roots[trees.tree_of_node[nodes]]
    place = nodes - root
    in_order = (trees.left[nodes] == root + 2 * place + 1) & (trees.right[nodes] == root + 2 * place + 2)
    _require(in_order, "a symmetric tree must be in breadth-first order", "symmetric split")
    level_first = root + (1 << np.frexp(place + 1)[1].astype(np.int64) - 1) - 1
    same = _same_split(trees, nodes, level_first)
    _require(same, "a symmetric tree must have one split per level", "symmetric split")


def _same_split(trees, a, b):
    """Whether node a[i] asks the same question as node b[i]."""
    same = np.ones(len(a), bool)
    for name in ("feature", "missing_left", "category_count"):
        same &= getattr(trees, name)[a] == getattr(trees, name)[b]
    numeric = trees.category_start[a] == NUMERIC
    same &= numeric == (trees.category_start[b] == NUMERIC)
    same &= ~numeric | (trees.threshold[a] == trees.threshold[b])
    pairs = np.flatnonzero(same & ~numeric)
    n_words = trees.category_count[a[pairs]]
    nth_word = np.arange(n_words.sum()) - np.repeat(np.cumsum(n_words) - n_words, n_words)
    first_a, first_b = (np.repeat(trees.category_start[nodes[pairs]], n_words) for nodes in (a, b))
    differ = trees.category_words[first_a + nth_word] != trees.category_words[first_b + nth_word]
    same[np.repeat(pairs, n_words)[differ]] = False
    return same
