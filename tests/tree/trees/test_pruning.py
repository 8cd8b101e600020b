import numpy as np
import pytest
import sklearn.tree
from sklearn.datasets import load_diabetes, load_iris

from skensemble import DecisionTreeClassifier, DecisionTreeRegressor
from skensemble.tree.trees._pruning import cut_below, prune, pruning_path, weakest_links
from skensemble.tree.trees._tree_arrays import validate_trees
from tests.tree.random_trees import random_tree


def tree_with_risks(seed, n_leaves=20):
    """A random tree whose impurities fall from parent to child, as those of grown trees do on average."""
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n_leaves, n_features=4, output=0, siblings_adjacent=bool(seed % 2))
    cover, impurity = np.ones(tree.n_nodes), np.ones(tree.n_nodes)
    for node in np.flatnonzero(~tree.is_leaf):
        share = rng.uniform(0.1, 0.9)
        for child, part in ((tree.left[node], share), (tree.right[node], 1 - share)):
            cover[child] = cover[node] * part
            impurity[child] = impurity[node] * rng.uniform(0.5, 1.0)
    return tree._replace(cover=100 * cover, impurity=impurity)


def least_cost(tree, alpha):
    """Smallest (risk + alpha per leaf, leaves) over all ways to prune, bottom up."""
    best = [None] * tree.n_nodes
    for node in reversed(range(tree.n_nodes)):
        risk = tree.cover[node] * tree.impurity[node] / tree.cover[0]
        best[node] = (risk + alpha, 1)
        if not tree.is_leaf[node]:
            (left, n_left), (right, n_right) = best[tree.left[node]], best[tree.right[node]]
            if left + right < best[node][0] - 1e-12:
                best[node] = (left + right, n_left + n_right)
    return best[0]


def cost(tree, alpha):
    leaves = tree.is_leaf
    return (tree.cover * tree.impurity)[leaves].sum() / tree.cover[0] + alpha * leaves.sum(), leaves.sum()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("alpha", [0.0, 0.003, 0.01, 0.03, 0.1, 1.0])
def test_pruned_tree_is_the_smallest_of_least_cost(seed, alpha):
    tree = tree_with_risks(seed)
    pruned = prune(tree, alpha)
    validate_trees(pruned, 4, 1)
    assert cost(pruned, alpha) == pytest.approx(least_cost(tree, alpha))


@pytest.mark.parametrize("seed", range(4))
def test_path_tells_risk_and_price_of_each_step(seed):
    tree = tree_with_risks(seed, n_leaves=12)
    alphas, risks = pruning_path(tree)
    assert alphas[0] == 0.0
    assert (np.diff(alphas) >= 0).all()
    assert risks[-1] == pytest.approx(tree.impurity[0])
    for alpha, risk in zip(alphas[1:], risks[1:]):
        assert cost(prune(tree, alpha), 0.0)[0] == pytest.approx(risk)


def test_links_are_cut_once_and_end_at_the_root():
    tree = tree_with_risks(3)
    nodes = [link.node for link in weakest_links(tree)]
    assert len(set(nodes)) == len(nodes)
    assert nodes[-1] == 0
    assert not tree.is_leaf[nodes].any()


def test_a_leaf_has_nothing_to_prune():
    tree = tree_with_risks(0, n_leaves=1)
    assert list(weakest_links(tree)) == []
    assert prune(tree, 1.0) is tree
    assert [array.tolist() for array in pruning_path(tree)] == [[0.0], [1.0]]


def test_cutting_keeps_the_other_nodes_as_they_were():
    tree = tree_with_risks(1)
    node = int(tree.left[0]) if not tree.is_leaf[tree.left[0]] else int(tree.right[0])
    cut = cut_below(tree, [node])
    validate_trees(cut, 4, 1)
    (place,) = np.flatnonzero((cut.cover == tree.cover[node]) & (cut.impurity == tree.impurity[node]))
    assert cut.is_leaf[place]
    assert cut.values[place] == tree.values[node]
    assert set(cut.cover) < set(tree.cover)
    splits = ~cut.is_leaf
    assert set(cut.gain[splits]) <= set(tree.gain)
    assert (cut.gain[~splits] == 0).all()


@pytest.mark.parametrize(
    ("ours", "peers", "load"),
    [
        (DecisionTreeClassifier, sklearn.tree.DecisionTreeClassifier, load_iris),
        (DecisionTreeRegressor, sklearn.tree.DecisionTreeRegressor, load_diabetes),
    ],
)
def test_path_is_that_of_scikit_learn(ours, peers, load):
    X, y = load(return_X_y=True)
    tree = ours(min_samples_leaf=5).fit(X, y)
    alphas, risks = pruning_path(tree.tree_.trees)
    peer = sklearn.tree._tree.ccp_pruning_path(tree.to_sklearn().tree_)
    np.testing.assert_allclose(alphas, peer["ccp_alphas"], atol=1e-12)
    np.testing.assert_allclose(risks, peer["impurities"])
    same = peers(min_samples_leaf=5, random_state=0, ccp_alpha=alphas[-3]).fit(X, y)
    assert prune(tree.tree_.trees, alphas[-3]).n_nodes == same.tree_.node_count
