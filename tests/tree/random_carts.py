"""Random tables with all that features can hold, and short ways to a CART grower and to the plain tree on them."""

import numpy as np

from skensemble._validation import read_table
from skensemble.tree._binning import Binner
from skensemble.tree.exact._cart_grower import CartGrower
from skensemble.tree.exact._cart_limits import CartLimits
from skensemble.tree.exact._cart_targets import ClassTarget, NumberTarget
from skensemble.tree.trees._tree_arrays import validate_trees
from tests import reference

FEATURES = {
    "continuous": lambda rng, n: rng.normal(size=n),
    "tied": lambda rng, n: rng.integers(0, 6, n) - 2.0,
    "binary": lambda rng, n: rng.integers(0, 2, n) * 1.0,
    "infinite": lambda rng, n: rng.choice([-np.inf, -1.0, -0.0, 0.0, 0.5, np.inf], n),
    "extreme": lambda rng, n: rng.choice([-1.7e308, -1e300, -1e-300, 5e-324, 1e-300, 1e300, 1.7e308], n),
    "constant": lambda rng, n: np.full(n, 3.25),
    "missing": lambda rng, n: np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 9, n)),
    "continuous, missing": lambda rng, n: np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
    "one value or missing": lambda rng, n: np.where(rng.random(n) < 0.5, np.nan, 1.5),
    "all missing": lambda rng, n: np.full(n, np.nan),
    "category": lambda rng, n: rng.integers(0, 7, n) * 1.0,
    "category, missing": lambda rng, n: np.where(rng.random(n) < 0.2, np.nan, rng.integers(0, 5, n)),
}
NUMBERS = [name for name in FEATURES if "category" not in name]
CLASS_CRITERIA = ["gini", "entropy"]
NUMBER_CRITERIA = ["squared_error", "absolute_error", "poisson"]
CRITERIA = CLASS_CRITERIA + NUMBER_CRITERIA


def random_features(rng, n_samples, names=tuple(FEATURES)):
    """(n_samples, n_features) of the named kinds, in C order."""
    return np.ascontiguousarray(np.stack([FEATURES[name](rng, n_samples) for name in names], axis=1))


def categories_among(names):
    return np.array(["category" in name for name in names])


def random_target(rng, criterion, n_samples, n_outputs=1):
    """A target whose sums are exact in float64; all kinds have ties."""
    if criterion in CLASS_CRITERIA:
        n_classes = np.array([3, 2, 4])[:n_outputs]
        return ClassTarget(np.stack([rng.integers(0, n, n_samples) for n in n_classes]), n_classes)
    return NumberTarget(rng.integers(0, 9, (n_outputs, n_samples)) / 4)


def new_grower(X, target, *, categorical=None, max_bins=None, monotone=None, sample_weight=None, n_members=1, **limits):
    table = read_table(X)
    binner = Binner(max_bins, categorical).fit(table, sample_weight)
    limits = CartLimits(**limits)
    return CartGrower(
        binner, table, target, limits, monotone=monotone, sample_weight=sample_weight, n_members=n_members
    )


def grow(X, target, seed=0, weight=None, **options):
    """One tree, checked for being well-formed; `weight` is both of the table and of the tree."""
    tree = new_grower(X, target, sample_weight=weight, **options).grow(seed, weight)
    assert_well_formed(tree, X.shape[1])
    return tree


def plain_cart(X, target, weight=None, *, categorical=None, max_bins=None, monotone=None, **limits):
    """What grows the same tree the plain way."""
    table = read_table(X)
    binner = Binner(max_bins, categorical).fit(table, weight)
    weight = np.ones(len(X)) if weight is None else np.asarray(weight, float)
    y, n_classes = (target.y, None) if isinstance(target, NumberTarget) else target
    return reference.Cart(
        binner.encode(table),
        binner.transform(table).columns.T,
        binner.is_categorical_,
        y,
        n_classes,
        weight,
        CartLimits(**limits),
        np.zeros(X.shape[1], int) if monotone is None else monotone,
        weight > 0,
    )


def assert_equals_reference(X, target, weight=None, **options):
    tree = grow(X, target, weight=weight, **options)
    cart = plain_cart(X, target, weight, **options)
    nodes = cart.tree(None if cart.is_exact else tree)
    assert tree.n_nodes == len(nodes)
    for number, node in enumerate(nodes):
        assert split_of(tree, number) == _split_of_plain(node, tree.missing_left[number])
    np.testing.assert_array_equal(tree.values, [node["values"] for node in nodes])
    np.testing.assert_array_equal(tree.cover, [node["cover"] for node in nodes])
    np.testing.assert_array_equal(tree.count, [len(node["rows"]) for node in nodes])
    np.testing.assert_allclose(tree.impurity, [node["impurity"] for node in nodes], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(tree.gain, [node["gain"] for node in nodes], rtol=1e-9, atol=1e-9)
    return tree


def split_of(tree, node):
    """(feature, threshold or categories that go left, missing left, left, right), or None for a leaf."""
    if tree.left[node] < 0:
        return None
    return int(tree.feature[node]), way_left(tree, node), bool(tree.missing_left[node]), *children_of(tree, node)


def children_of(tree, node):
    return int(tree.left[node]), int(tree.right[node])


def way_left(tree, node):
    """Threshold, or the set of codes below 64 that go left."""
    if tree.category_start[node] < 0:
        return float(tree.threshold[node])
    word = int(tree.category_words[tree.category_start[node]])
    return {code for code in range(64) if word >> code & 1}


def _split_of_plain(node, if_none_misses):
    if node["left"] < 0:
        return None
    goes_left = node["goes_left"] if np.isnan(node["threshold"]) else node["threshold"]
    missing_left = bool(if_none_misses) if node["missing_left"] is None else node["missing_left"]
    return node["feature"], goes_left, missing_left, node["left"], node["right"]


def leaves_of(tree, X):
    """Leaf of each row of an encoded table."""
    return np.array([reference.path_of_row(tree, 0, x)[-1] for x in X])


def assert_rows_go_where_they_were(tree, X, weight=None):
    """The rows of an encoded table, sent down by thresholds, are those that the nodes were grown on."""
    weight = np.ones(len(X)) if weight is None else weight
    count, cover = np.zeros(tree.n_nodes, int), np.zeros(tree.n_nodes)
    for x, units in zip(X, weight):
        path = reference.path_of_row(tree, 0, x)
        count[path] += units > 0
        cover[path] += units
    np.testing.assert_array_equal(tree.count, count)
    np.testing.assert_allclose(tree.cover, cover, rtol=1e-12)


def assert_same_tree(tree, other):
    """To the last bit."""
    for name, array in tree._asdict().items():
        np.testing.assert_array_equal(array, getattr(other, name), err_msg=name)


def assert_same_splits(tree, other):
    """The same tree but for rounding of weights and gains, and for where missing rows go that there are none of."""
    for name in ("feature", "left", "right", "threshold", "category_words"):
        np.testing.assert_array_equal(getattr(tree, name), getattr(other, name), err_msg=name)


def assert_well_formed(tree, n_features):
    """What holds for every CART, whatever it was grown on."""
    validate_trees(tree, n_features, tree.n_values)
    splits = np.flatnonzero(~tree.is_leaf)
    left, right = tree.left[splits], tree.right[splits]
    loss = tree.cover * tree.impurity
    scale = max(loss[0], 1e-300)
    np.testing.assert_allclose(tree.gain[splits], loss[splits] - loss[left] - loss[right], rtol=1e-6, atol=1e-9 * scale)
    np.testing.assert_allclose(tree.cover[splits], tree.cover[left] + tree.cover[right], rtol=1e-12)
    np.testing.assert_array_equal(tree.count[splits], tree.count[left] + tree.count[right])
    assert (tree.count > 0).all()
    assert (tree.cover > 0).all()
    assert (tree.impurity >= 0).all()
    assert (tree.gain >= 0).all()
    assert (tree.gain[tree.is_leaf] == 0).all()
    assert np.isnan(tree.threshold[tree.is_leaf]).all()
    assert not tree.missing_left[tree.is_leaf].any()
