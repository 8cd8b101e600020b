"""The table of all nodes: who reads it reaches the leaves that rows reach, and their sum."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

import skensemble
from skensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    GradientBoostingRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRegressor,
    RandomForestRegressor,
)
from skensemble._front_door import ESTIMATORS
from skensemble.inspection import trees_to_dataframe

RNG = np.random.default_rng(0)
N_ROWS = 120
X = pd.DataFrame(RNG.normal(size=(N_ROWS, 3)), columns=["size", "age", "price"])
X.iloc[::7, 1] = np.nan
X["kind"] = RNG.choice(["a", "b", "c", "d", "e"], N_ROWS)
X.loc[::11, "kind"] = None
Y = np.nan_to_num(X["size"] - X["age"]) + 2 * X["kind"].isin(["b", "d"])
CLASSES = np.array(["low", "middle", "top"])[np.digitize(Y, [0, 1])]
NAMES = [name for kind in ("Boosting", "Forests", "Trees") for name in ESTIMATORS[kind]]


def _fitted(name, **parameters):
    kind = getattr(skensemble, name)
    given = {"n_estimators": 3, "max_depth": 4, "random_state": 0} | parameters
    model = kind(**{key: value for key, value in given.items() if key in kind().get_params()})
    if name == "NewtonBoostingRanker":
        return model.fit(X, (Y > 0).astype(int), qid=np.arange(N_ROWS) // 10)
    return model.fit(X, CLASSES if name.endswith("Classifier") else Y, np.arange(N_ROWS) % 3 + 1.0)


def _leaf(nodes, row):
    """Number of the leaf that a row reaches, by the cells of the table alone."""
    node = nodes.loc[0]
    while node["split_feature"] is not None:
        cell = row[node["split_feature"]]
        if pd.isna(cell):
            goes_left = node["missing_direction"] == "left"
        else:
            goes_left = cell in node["categories"] if node["decision_type"] == "in" else cell <= node["threshold"]
        node = nodes.loc[node["left_child" if goes_left else "right_child"]]
    return node.name


@pytest.mark.parametrize("name", NAMES)
def test_rows_follow_the_table_to_their_leaves(name):
    model = _fitted(name)
    additive = model._shown_trees()
    leaves = additive.apply(model._read_for_prediction(X))
    for tree, nodes in trees_to_dataframe(model).groupby("tree_index"):
        nodes = nodes.set_index("node_index")
        assert nodes["node_depth"].max() == additive.trees.depth[tree]
        for i in range(0, N_ROWS, 9):
            assert _leaf(nodes, X.iloc[i]) == leaves[i, tree]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "AdaBoostRegressor"])
def test_values_of_leaves_add_up_to_predictions(name):
    model = _fitted(name)
    additive, table = model._additive_trees(), model._read_for_prediction(X)
    frame = model.trees_to_dataframe().set_index(["tree_index", "node_index"])
    sums = np.zeros((N_ROWS, additive.n_outputs))
    for tree, leaf in enumerate(additive.apply(table).T):
        nodes = frame.loc[tree].loc[leaf]
        if "output" in nodes:
            sums[:, additive.output_names.index(nodes["output"].iloc[0])] += nodes["value"].to_numpy()
        else:
            sums += nodes.filter(like="value").to_numpy()
    np.testing.assert_allclose(sums / additive.divisor + additive.baseline, additive.raw(table))


def test_numbers_of_rows_are_those_of_training():
    weight = np.arange(N_ROWS) % 4 + 0.5
    frame = trees_to_dataframe(DecisionTreeRegressor(max_depth=2).fit(X, Y, weight))
    assert frame.loc[0, ["count", "weighted_count"]].tolist() == [N_ROWS, weight.sum()]
    for column in ("count", "weighted_count"):
        assert frame.loc[frame["split_feature"].isna(), column].sum() == pytest.approx(frame.loc[0, column])
    assert "impurity" in frame
    boosted = trees_to_dataframe(NewtonBoostingClassifier(n_estimators=1, random_state=0, subsample=1.0).fit(X, Y > 1))
    assert boosted.loc[0, "count"] == N_ROWS
    assert boosted.loc[0, "hessian"] == pytest.approx(N_ROWS * np.mean(Y > 1) * np.mean(Y <= 1), rel=1e-3)


def test_gains_are_those_of_the_importances():
    model = NewtonBoostingRegressor(n_estimators=3, random_state=0, importance_type="gain").fit(X, Y)
    gains = trees_to_dataframe(model).groupby("split_feature")["split_gain"].sum().reindex(X.columns, fill_value=0.0)
    np.testing.assert_allclose(gains / gains.sum(), model.feature_importances_)


def test_linear_leaves_show_their_terms():
    model = NewtonBoostingRegressor(n_estimators=1, random_state=0, linear_leaves=True, grow_policy="depthwise").fit(
        X, Y
    )
    nodes = trees_to_dataframe(model).set_index("node_index")
    assert nodes.loc[0, "slopes"] is None
    for i in range(1, 20):
        row, leaf = X.iloc[i], nodes.loc[_leaf(nodes, X.iloc[i])]
        steps = [slope * (row[name] - leaf["means"][name]) for name, slope in leaf["slopes"].items()]
        sum_of_steps = 0.0 if np.isnan(steps).any() else sum(steps)
        assert model.predict(X[i : i + 1])[0] == pytest.approx(
            model._booster.baseline[0] + leaf["value"] + sum_of_steps
        )


def test_outputs_and_columns_have_their_names():
    several = np.column_stack([Y, -Y])
    vector = NewtonBoostingRegressor(n_estimators=2, random_state=0, multi_strategy="multi_output_tree").fit(X, several)
    assert {"value_0", "value_1"} <= set(trees_to_dataframe(vector).columns)
    trees = trees_to_dataframe(NewtonBoostingRegressor(n_estimators=2, random_state=0).fit(X, several))
    assert trees.groupby("tree_index")["output"].first().tolist() == [0, 1, 0, 1]
    both = trees_to_dataframe(DecisionTreeClassifier(max_depth=1).fit(X, np.column_stack([Y > 0, Y > 1])))
    assert {"value_0_False", "value_1_True"} <= set(both.columns)
    labels = trees_to_dataframe(DecisionTreeRegressor(max_depth=1).fit(X.set_axis([7, 8, 9, 10], axis=1), Y))
    assert labels.loc[0, "split_feature"] in (7, 8, 9, 10)
    array = trees_to_dataframe(DecisionTreeRegressor(max_depth=1).fit(X[["size"]].to_numpy(), Y))
    assert array["split_feature"].tolist() == ["x0", None, None]


def test_trees_are_shown_where_predictions_are_no_sum_of_them():
    start = GradientBoostingRegressor(init=LinearRegression(), n_estimators=2).fit(X[["size"]], Y)
    assert trees_to_dataframe(start)["tree_index"].nunique() == 2
    median = AdaBoostRegressor(n_estimators=2, random_state=0).fit(X, Y)
    expected = [float(tree.tree_.value[0, 0, 0]) for tree in median.estimators_]
    assert trees_to_dataframe(median).query("node_index == 0")["value"].tolist() == expected


def test_what_has_no_trees_says_so():
    foreign = AdaBoostClassifier(DecisionTreeClassifier(max_depth=1, ccp_alpha=0.01), n_estimators=2).fit(X, Y > 0)
    with pytest.raises(ValueError, match="estimator must be a decision tree without ccp_alpha"):
        trees_to_dataframe(foreign)
    with pytest.raises(ValueError, match="booster must not be 'gblinear'"):
        trees_to_dataframe(NewtonBoostingRegressor(booster="gblinear", n_estimators=2).fit(X, Y))
    with pytest.raises(NotFittedError):
        trees_to_dataframe(RandomForestRegressor())
    with pytest.raises(TypeError, match="model must be a tree, forest or booster of skensemble, got LinearRegression"):
        trees_to_dataframe(LinearRegression())
