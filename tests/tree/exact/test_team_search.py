import numpy as np
import pytest

from skensemble.tree.exact._team_search import SHARED_CELLS
from tests.tree.random_carts import (
    FEATURES,
    assert_same_tree,
    assert_well_formed,
    categories_among,
    grow,
    new_grower,
    random_features,
    random_target,
)

NAMES = list(FEATURES) * 2
N_SAMPLES = 4 * SHARED_CELLS // len(NAMES)  # the root and some nodes below it are shared
VARIANTS = {
    "plain": {"max_depth": 6},
    "best first": {"max_leaf_nodes": 20},
    "random": {"splitter": "random", "max_depth": 6},
    "some features": {"max_features": 3, "max_depth": 6},
    "leaves of 50": {"min_samples_leaf": 50},
}


@pytest.mark.parametrize("criterion", ["gini", "entropy", "squared_error", "absolute_error", "poisson"])
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_a_team_grows_the_tree_of_one_thread(criterion, variant):
    rng = np.random.default_rng(0)
    n_samples = N_SAMPLES // 20 if criterion == "absolute_error" else N_SAMPLES  # which is never shared, but slow
    X, target = random_features(rng, n_samples, NAMES), random_target(rng, criterion, n_samples)
    options = {"categorical": categories_among(NAMES), "criterion": criterion, **variant}
    alone = grow(X, target, seed=3, **options)
    for n_members in (2, 7):
        assert_same_tree(grow(X, target, seed=3, n_members=n_members, **options), alone)


def test_a_team_obeys_monotone_constraints():
    rng = np.random.default_rng(0)
    names = ["continuous"] * 12
    n_samples = 2 * SHARED_CELLS // len(names)
    X, target = random_features(rng, n_samples, names), random_target(rng, "squared_error", n_samples)
    options = {"monotone": np.resize([1, 0, -1], len(names)), "criterion": "squared_error", "max_depth": 4}
    alone, together = (grow(X, target, n_members=n_members, **options) for n_members in (1, 3))
    assert_same_tree(together, alone)


def test_a_team_grows_tree_after_tree():
    rng = np.random.default_rng(0)
    n_samples = 2 * SHARED_CELLS // len(NAMES)
    X, target = random_features(rng, n_samples, NAMES), random_target(rng, "gini", n_samples)
    weights = rng.integers(0, 3, (4, n_samples)).astype(float)
    growers = [new_grower(X, target, criterion="gini", max_depth=3, n_members=n_members) for n_members in (1, 2)]
    for seed, weight in enumerate(weights):
        alone, together = (grower.grow(seed, weight) for grower in growers)
        assert_well_formed(together, X.shape[1])
        assert_same_tree(together, alone)
