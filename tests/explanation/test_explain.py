"""Values of every estimator are those of all subsets of features, and sum to its predictions."""

import sys
import types

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skensemble
from skensemble import DecisionTreeRegressor, NewtonBoostingClassifier, NewtonBoostingRegressor
from skensemble._front_door import ESTIMATORS
from skensemble.inspection import Explanation, explain
from tests import reference

RNG = np.random.default_rng(0)
N_ROWS = 90
NUMBERS = RNG.normal(size=(N_ROWS, 4))
NUMBERS[::7, 1] = np.nan
KIND = RNG.choice(["a", "b", "c", "d"], N_ROWS)
X = pd.DataFrame(NUMBERS, columns=list("pqrs")).assign(kind=pd.Categorical(KIND))
Y = np.nan_to_num(NUMBERS[:, 0] * 2 - NUMBERS[:, 1]) + (KIND == "b") + RNG.normal(size=N_ROWS) * 0.1
CLASSES = np.array(["low", "middle", "top"])[np.digitize(Y, [-1, 1])]
WEIGHT = RNG.integers(1, 4, N_ROWS).astype(float)
NAMES = [name for kind in ("Boosting", "Forests", "Trees") for name in ESTIMATORS[kind] if name != "AdaBoostRegressor"]


def _fitted(name, **parameters):
    kind = getattr(skensemble, name)
    known = kind().get_params()
    given = {"n_estimators": 3, "max_depth": 4, "random_state": 0} | parameters
    model = kind(**{key: value for key, value in given.items() if key in known})
    if name == "NewtonBoostingRanker":
        return model.fit(X, (Y > 0).astype(int), qid=np.arange(N_ROWS) // 10)
    return model.fit(X, CLASSES if name.endswith("Classifier") else Y, WEIGHT)


def _check_against_all_subsets(model, index="shapley"):
    additive, slopes = model._explained().additive, model._explained().additive.slopes
    explanation = explain(model, X, index=index)
    values = explanation.values.reshape(N_ROWS, 5, -1)
    cells = additive.binner.encode(model._read_for_prediction(X))
    for i in (0, 7, 20):
        game = reference.games(additive, cells[i], slopes)
        expected = reference.shapley_values(game, 5, index=index)
        np.testing.assert_allclose(values[i], expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(np.atleast_1d(explanation.base_values[i]), game[frozenset()], rtol=1e-9)
    return explanation


def _raw(model):
    return model._additive_trees().raw(model._read_for_prediction(X))


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_all_subsets_and_sum_to_predictions(name):
    model = _fitted(name)
    explanation = _check_against_all_subsets(model)
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total.reshape(N_ROWS, -1), _raw(model), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(model.shap_values(X), explanation.values)


@pytest.mark.parametrize(
    "parameters",
    [
        {"booster": "dart"},
        {"num_parallel_tree": 2},
        {"grow_policy": "symmetric"},
        {"grow_policy": "depthwise"},
        {"grow_policy": "lossguide", "max_depth": None},
    ],
    ids=lambda parameters: "-".join(map(str, parameters.values())),
)
def test_every_kind_of_tree(parameters):
    for index in ("shapley", "banzhaf"):
        _check_against_all_subsets(_fitted("NewtonBoostingRegressor", **parameters), index)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("NewtonBoostingRegressor", {"grow_policy": "symmetric"}),
        ("NewtonBoostingRegressor", {"grow_policy": "lossguide", "max_depth": None, "max_delta_step": 0.4}),
        ("NewtonBoostingClassifier", {"multi_strategy": "multi_output_tree"}),
    ],
    ids=["symmetric", "with a limit", "several outputs"],
)
def test_linear_leaves_stand_at_the_means_of_absent_features(name, parameters):
    model = _fitted(name, linear_leaves=True, **parameters)
    for index in ("shapley", "banzhaf"):
        explanation = _check_against_all_subsets(model, index)
        if index == "shapley":
            total = explanation.base_values + explanation.values.sum(axis=1)
            raw = model._booster.raw(model._read_for_prediction(X))
            np.testing.assert_allclose(total.reshape(N_ROWS, -1), raw, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("NewtonBoostingRegressor", {"grow_policy": "symmetric", "max_depth": 6}),
        ("NewtonBoostingClassifier", {"grow_policy": "depthwise"}),
        ("NewtonBoostingRegressor", {"linear_leaves": True, "max_depth": 6, "max_delta_step": 0.4}),
        ("RandomForestClassifier", {}),
    ],
    ids=["symmetric", "classes", "linear leaves", "forest"],
)
def test_interactions_are_those_of_all_subsets(name, parameters):
    model = _fitted(name, **parameters)
    explained, cells = model._explained(), model._explained().additive.binner.encode(model._read_for_prediction(X))
    for index in ("shapley", "banzhaf"):
        explanation = explain(model, X, interactions=True, index=index)
        values = explanation.values.reshape(N_ROWS, 5, 5, -1)
        np.testing.assert_array_equal(values, np.swapaxes(values, 1, 2))
        np.testing.assert_allclose(
            explanation.values.sum(axis=2), explain(model, X, index=index).values, rtol=1e-12, atol=1e-12
        )
        for i in (0, 7, 20):
            game = reference.games(explained.additive, cells[i], explained.additive.slopes)
            expected = reference.interaction_values(game, 5, index=index)
            np.testing.assert_allclose(values[i], expected, rtol=1e-9, atol=1e-12)


def _games_against(model, row, background):
    """As `reference.games`: the mean of raw predictions of the background with the cells of the row where known."""
    sets, names = list(reference.subsets(range(5))), list(X.columns)
    own = X.iloc[[row] * len(background)].set_axis(background.index)
    mixed = [background.assign(**{names[j]: own[names[j]] for j in present}) for present in sets]
    known = explain(model, pd.concat(mixed))
    raw = known.base_values.reshape(len(known), -1) + known.values.reshape(len(known), 5, -1).sum(axis=1)
    return dict(zip(sets, raw.reshape(len(sets), len(background), -1).mean(axis=1)))


WITH_BACKGROUND = {
    "symmetric": ("NewtonBoostingRegressor", {"grow_policy": "symmetric", "max_depth": 5}),
    "classes": ("NewtonBoostingClassifier", {"grow_policy": "depthwise"}),
    "vectors": ("NewtonBoostingClassifier", {"multi_strategy": "multi_output_tree"}),
    "linear leaves": ("NewtonBoostingRegressor", {"linear_leaves": True}),
    "forest": ("RandomForestClassifier", {"max_depth": None}),
    "AdaBoost": ("AdaBoostClassifier", {}),
    "linear": ("NewtonBoostingRegressor", {"booster": "gblinear"}),
}


@pytest.mark.parametrize("name", WITH_BACKGROUND)
def test_against_a_background_absent_cells_are_its(name, monkeypatch):
    model, background = _fitted(WITH_BACKGROUND[name][0], **WITH_BACKGROUND[name][1]), X.iloc[[2, 3, 14, 30]]
    games = {i: _games_against(model, i, background) for i in (0, 7, 20)}
    for index in ("shapley", "banzhaf"):
        explanation = explain(model, X, background=background, index=index)
        if name != "linear":  # both ways to the same values
            for limit in ("MAX_FEATURES", "MAX_OF_LINES"):
                monkeypatch.setattr(f"skensemble.explanation._background_values.{limit}", 2)
            by_pairs = explain(model, X, background=background, index=index).values
            monkeypatch.undo()
            np.testing.assert_allclose(by_pairs, explanation.values, rtol=1e-9, atol=1e-12)
        for i, game in games.items():
            expected = reference.shapley_values(game, 5, index=index)
            np.testing.assert_allclose(explanation.values.reshape(N_ROWS, 5, -1)[i], expected, rtol=1e-9, atol=1e-10)
            np.testing.assert_allclose(np.atleast_1d(explanation.base_values[i]), game[frozenset()], rtol=1e-9)


@pytest.mark.parametrize("name", ["symmetric", "classes", "vectors", "linear leaves", "forest", "AdaBoost"])
def test_interactions_against_a_background_are_those_of_all_subsets(name, monkeypatch):
    model, background = _fitted(WITH_BACKGROUND[name][0], **WITH_BACKGROUND[name][1]), X.iloc[[2, 3, 14, 30]]
    games = {i: _games_against(model, i, background) for i in (0, 7, 20)}
    for index in ("shapley", "banzhaf"):
        values = explain(model, X, background=background, index=index).values
        for limit in (9, 0):  # by tables, and by pairs of rows
            monkeypatch.setattr("skensemble.explanation._background_interactions.MAX_FEATURES", limit)
            pairs = explain(model, X, background=background, index=index, interactions=True, n_jobs=2).values
            np.testing.assert_allclose(pairs.sum(axis=2), values, rtol=1e-9, atol=1e-12)
            for i, game in games.items():
                expected = reference.interaction_values(game, 5, index=index)
                np.testing.assert_allclose(pairs.reshape(N_ROWS, 5, 5, -1)[i], expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("NewtonBoostingRegressor", {"loss": "poisson"}),
        ("NewtonBoostingRegressor", {"loss": "poisson", "linear_leaves": True, "max_delta_step": 0.1}),
        ("NewtonBoostingClassifier", {}),
        ("GradientBoostingClassifier", {}),
        ("NewtonBoostingRegressor", {"loss": "quantile", "quantile": [0.8, 0.5, 0.55, 0.3]}),
        ("AdaBoostClassifier", {"algorithm": "gentle"}),
        ("NewtonBoostingRegressor", {"booster": "gblinear", "loss": "poisson"}),
        ("NewtonBoostingClassifier", {"booster": "gblinear"}),
    ],
    ids=[
        "counts", "counts with slopes and a limit", "classes", "gradient boosting", "sorted quantiles",
        "one against the rest", "linear counts", "linear classes",
    ],
)  # fmt: skip
def test_responses_are_carried_through_the_link(name, parameters):
    kind = getattr(skensemble, name)
    y = CLASSES if name.endswith("Classifier") else np.floor(np.exp(Y - Y.min()))
    limits = {} if name.startswith("AdaBoost") else {"max_depth": 3}
    model = kind(n_estimators=5, random_state=0, **limits, **parameters).fit(X, y)
    background = X.iloc[[2, 3, 14, 30]]
    explanation = explain(model, X, background=background, output="response")
    predict = model.predict if name.endswith("Regressor") else model.predict_proba
    np.testing.assert_allclose(explanation.base_values[0], predict(background).mean(axis=0), rtol=1e-12)
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, predict(X), rtol=1e-10, atol=1e-12)
    if name.endswith("Regressor") and "quantile" not in parameters:
        stretched = []
        for z in range(4):
            values = explain(model, X, background=background.iloc[[z]]).values
            change, rise = values.sum(axis=1), predict(X) - predict(background)[z]
            slope = np.divide(rise, change, out=predict(X), where=np.abs(change) > 1e-9)
            stretched.append(values * slope[:, None])
        np.testing.assert_allclose(explanation.values, np.mean(stretched, axis=0), rtol=1e-6, atol=1e-6)


def test_two_classes_have_one_response():
    model = NewtonBoostingClassifier(n_estimators=5).fit(X, CLASSES == "top")
    explanation = explain(model, X, background=X[:5], output="response")
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, model.predict_proba(X)[:, 1], rtol=1e-10)


@pytest.mark.parametrize("name", ["NewtonBoostingRegressor", "NewtonBoostingClassifier"])
def test_terms_of_a_linear_model_are_its_values(name):
    model = _fitted(name, booster="gblinear")
    explanation = explain(model, X)
    total = explanation.base_values + explanation.values.sum(axis=1)
    raw = model.predict(X) if name.endswith("Regressor") else model.decision_function(X)
    np.testing.assert_allclose(total, raw, rtol=1e-12, atol=1e-12)
    p = np.nan_to_num(NUMBERS[:, 0])
    np.testing.assert_allclose(
        explanation.values[:, 0], (p * np.atleast_2d(model.coef_)[:, :1]).T.reshape(explanation.values[:, 0].shape)
    )
    matrices = explain(model, X, interactions=True).values
    np.testing.assert_array_equal(matrices.sum(axis=2), explanation.values)
    assert np.count_nonzero(matrices) == np.count_nonzero(explanation.values)
    unknown = explain(model, X.assign(kind=pd.Categorical([None] * N_ROWS, categories=list("abcd"))))
    assert not unknown.values[:, 4].any()


def test_threads_and_other_rows_change_no_bit():
    rng = np.random.default_rng(1)
    many = rng.normal(size=(300, 4))
    many[5::90, 2] = np.nan
    for policy, linear in (("symmetric", False), ("symmetric", True), ("depthwise", False)):
        model = NewtonBoostingRegressor(n_estimators=4, grow_policy=policy, linear_leaves=linear)
        model.fit(many, many[:, 0] * many[:, 1])
        values = explain(model, many, n_jobs=1).values
        np.testing.assert_array_equal(explain(model, many, n_jobs=3).values, values)
        np.testing.assert_array_equal(explain(model, many[70:71]).values, values[70:71])
        values = explain(model, many, background=many[:9], n_jobs=1).values
        np.testing.assert_array_equal(explain(model, many[70:71], background=many[:9]).values, values[70:71])


@pytest.mark.parametrize("interactions", [False, True])
def test_one_class_of_a_forest_is_what_the_others_leave(interactions):
    """Fractions of classes sum to 1, so that the trees are walked once less."""
    model = skensemble.RandomForestClassifier(n_estimators=5, random_state=0, n_jobs=1)
    model.fit(X, np.digitize(X["p"], [-0.5, 0.5]))
    explanation = explain(model, X[:9], interactions=interactions)
    np.testing.assert_array_equal(explanation.values[..., 0], -explanation.values[..., 1:].sum(axis=-1))
    total = explanation.values.reshape(9, -1, 3).sum(axis=1) + explanation.base_values
    np.testing.assert_allclose(total, model.predict_proba(X[:9]), atol=1e-14)


def test_deep_paths_stay_exact():
    """Other programs lose about a bit with each level: 60 rare flags, one after the other."""
    rng = np.random.default_rng(2)
    flags = (rng.random((2000, 60)) < 0.01).astype(np.float32)
    tree = DecisionTreeRegressor().fit(flags, flags @ rng.normal(size=60))
    assert tree.get_depth() > 40
    explanation = explain(tree, flags[:100])
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, tree.predict(flags[:100]), rtol=1e-9, atol=1e-9)


def test_an_explanation_knows_its_table():
    explanation = explain(_fitted("NewtonBoostingClassifier"), X)
    assert isinstance(explanation, Explanation)
    assert len(explanation) == N_ROWS
    assert explanation.values.shape == (N_ROWS, 5, 3)
    assert explanation.base_values.shape == (N_ROWS, 3)
    assert explanation.feature_names == ["p", "q", "r", "s", "kind"]
    assert explanation.output_names == ["low", "middle", "top"]
    assert explanation.data[:, 4].tolist() == KIND.tolist()
    frame = explanation.to_frame()
    assert frame.loc[(3, "top"), "q"] == explanation.values[3, 1, 2]
    assert frame.loc[(3, "top"), "base value"] == explanation.base_values[3, 2]
    matrices = explain(_fitted("NewtonBoostingClassifier"), X, interactions=True)
    assert matrices.to_frame().loc[(3, "top", "q"), "kind"] == matrices.values[3, 1, 4, 2]
    single = explain(_fitted("NewtonBoostingRegressor"), X)
    assert single.to_frame().loc[3, "q"] == single.values[3, 1]


def test_the_shap_library_gets_all_of_it(monkeypatch):
    shap = types.SimpleNamespace(Explanation=lambda **given: given)
    monkeypatch.setitem(sys.modules, "shap", shap)
    explanation = explain(_fitted("NewtonBoostingClassifier"), X)
    given = explanation.to_shap()
    assert given["values"] is explanation.values
    assert given["base_values"] is explanation.base_values
    assert given["display_data"] is explanation.data
    np.testing.assert_array_equal(given["data"][:, :4], NUMBERS)
    np.testing.assert_array_equal(given["data"][:, 4], [list("abcd").index(kind) for kind in KIND])
    assert given["feature_names"] == explanation.feature_names
    assert given["output_names"] == ["low", "middle", "top"]


def test_a_pipeline_is_explained_by_its_last_step():
    pipeline = make_pipeline(StandardScaler(), NewtonBoostingRegressor(n_estimators=3)).fit(X[["p", "r"]], Y)
    explanation = explain(pipeline, X[["p", "r"]])
    assert explanation.feature_names == ["p", "r"]
    np.testing.assert_allclose(
        explanation.base_values + explanation.values.sum(axis=1), pipeline.predict(X[["p", "r"]]), rtol=1e-12
    )


def test_what_cannot_be_explained_says_so():
    model = _fitted("NewtonBoostingClassifier")
    cases = (
        (LinearRegression(), {}, "model must be a tree, forest or booster"),
        (model, {"output": "response"}, "output must be 'raw' without a background, for a model with link 's"),
        (
            model,
            {"interactions": True, "background": X, "output": "response"},
            "interactions must be False with out",
        ),
        (model, {"background": X[["p"]]}, "background must be a table such as X. The feature names should match"),
        (model, {"background": X[:0]}, "background must be a table such as X. Found array with 0 sample"),
        (model, {"output": "margin"}, "output must be 'raw' or 'response'"),
        (model, {"index": "owen"}, "index must be 'shapley' or 'banzhaf'"),
        (model, {"n_jobs": 0}, "n_jobs must be"),
        (model, {"interactions": 1}, "interactions must be a bool"),
        (skensemble.AdaBoostRegressor(n_estimators=2).fit(NUMBERS, Y), {}, "weighted median"),
    )
    for case, options, message in cases:
        with pytest.raises(ValueError, match=message):
            explain(case, X if case is model else NUMBERS, **options)
    with pytest.raises(NotFittedError):
        explain(NewtonBoostingClassifier(), X)
    with pytest.raises(ValueError, match="feature names should match"):
        explain(model, X[["q", "p", "r", "s", "kind"]])
    response = explain(_fitted("NewtonBoostingRegressor"), X, output="response")
    assert response.values.shape == (N_ROWS, 5)
