"""Random binned tables and targets, and a short way to a tree grower on them."""

import numpy as np

from skensemble.tree._binning import PADDING, BinnedMatrix
from skensemble.tree.histogram._growth_limits import GrowthLimits
from skensemble.tree.histogram._tree_grower import Targets, TreeGrower
from tests import reference

NO_LIMITS = GrowthLimits(reg_lambda=1.0, cat_l2=2.0)


def binned_table(columns, n_codes, is_categorical=None, dtype=np.uint8):
    """BinnedMatrix of codes given as (n_features, n_samples)."""
    columns = np.ascontiguousarray(columns, dtype)
    n_features, n_samples = columns.shape
    codes = np.zeros((n_samples, -(-n_features // PADDING) * PADDING), dtype)
    codes[:, :n_features] = columns.T
    is_categorical = np.zeros(n_features, bool) if is_categorical is None else np.asarray(is_categorical, bool)
    return BinnedMatrix(codes, columns, np.asarray(n_codes, np.int32), is_categorical)


def random_table(rng, n_samples, n_codes, is_categorical=None, missing=0.15, dtype=np.uint8):
    """Codes drawn evenly; a share of them missing."""
    columns = [rng.integers(min(1, n - 1), n, n_samples) for n in n_codes]
    columns = np.where(rng.random((len(n_codes), n_samples)) < missing, 0, columns)
    return binned_table(columns, n_codes, is_categorical, dtype)


def coarse_targets(rng, n_outputs, n_samples):
    """Gradients and hessians whose sums are exact in float64 as in fixed point."""
    gradient = rng.integers(-2000, 2000, (n_outputs, n_samples)) / 1024
    return gradient.astype(np.float32), (rng.integers(1, 256, (n_outputs, n_samples)) / 256).astype(np.float32)


def fine_targets(rng, n_outputs, n_samples):
    """Gradients and hessians that use all their bits."""
    gradient = rng.standard_cauchy((n_outputs, n_samples))
    return gradient.astype(np.float32), rng.exponential(size=(n_outputs, n_samples)).astype(np.float32)


class GrowerOfTargets:
    """A TreeGrower, and targets to grow trees for."""

    def __init__(self, grower, targets):
        self.grower, self.targets = grower, targets

    def grow(self, seed, *args, **options):
        """Growth of a tree."""
        return self.grower.grow(self.targets, seed, *args, **options)

    def tree(self, seed, *args, **options):
        """GrownTree alone."""
        return self.grow(seed, *args, **options).tree


def new_grower(
    table, gradient, hessian, *, weight=None, monotone=None, interactions=(), vector=False, n_threads=1, **limits
):
    """GrowerOfTargets; `limits` change NO_LIMITS."""
    n_features = len(table.n_codes)
    grower = TreeGrower(
        table,
        NO_LIMITS._replace(**limits),
        n_outputs=len(gradient) if vector else 1,
        monotone=np.zeros(n_features, np.int64) if monotone is None else np.asarray(monotone, np.int64),
        interactions=np.asarray(interactions, bool).reshape(-1, n_features),
        n_threads=n_threads,
    )
    targets = Targets.of(*(np.array(array, np.float32, order="C") for array in (gradient, hessian)), weight)
    return GrowerOfTargets(grower, targets)


def plain_tree(table, gradient, hessian, *, weight=None, monotone=None, interactions=(), rows=None, **limits):
    """Nodes of the same tree, grown the plain way."""
    n_samples = len(table.codes)
    weight = np.ones(n_samples) if weight is None else weight
    whole = np.all(weight == np.floor(weight))
    growing = reference.Growing(
        table.columns.T,
        table.n_codes,
        table.is_categorical,
        gradient * weight,
        hessian * weight,
        weight if whole else (weight > 0).astype(float),
        NO_LIMITS._replace(**limits)._asdict(),
        np.zeros(len(table.n_codes), int) if monotone is None else monotone,
        interactions,
    )
    return growing.tree(np.arange(n_samples) if rows is None else rows)


def splits(nodes, words, n_codes):
    """(feature, codes that go left, left, right) of each node of a grown tree, None for a leaf."""
    return [
        None if node["left"] < 0 else (int(node["feature"]), _goes_left(node, words[i], n_codes), *_children(node))
        for i, node in enumerate(nodes)
    ]


def _goes_left(node, words, n_codes):
    if node["is_categorical"]:
        return {c for c in range(n_codes[node["feature"]]) if int(words[c // 64]) >> c % 64 & 1}
    return set(range(1, node["code"] + 1)) | ({0} if node["missing_left"] else set())


def _children(node):
    return int(node["left"]), int(node["right"])


def tree_splits(tree, n_codes):
    words = tree.words if len(tree.words) else np.zeros((len(tree.nodes), 1), np.uint64)
    return splits(tree.nodes, words, n_codes)


def plain_splits(nodes):
    return [
        None if node["left"] < 0 else (node["feature"], node["goes_left"], node["left"], node["right"])
        for node in nodes
    ]


def assert_same_tree(tree, other, n_codes):
    """Same splits, gains, values and covers, to the last bit."""
    assert tree_splits(tree, n_codes) == tree_splits(other, n_codes)
    is_split = tree.nodes["left"] >= 0
    np.testing.assert_array_equal(tree.nodes["gain"][is_split], other.nodes["gain"][is_split])
    np.testing.assert_array_equal(tree.values, other.values)
    np.testing.assert_array_equal(tree.cover, other.cover)
