"""What people do all day: pipelines, searches, frames of any library, files, threads, inspection."""

import pickle
import threading
from functools import cache

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import BaggingRegressor, StackingClassifier, VotingRegressor
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import SimpleImputer
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, cross_validate
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import estimator_html_repr

import skensemble
from tests.plain import ESTIMATORS, classifier, regressor

N = 200
SUPERVISED = [name for name in skensemble.__all__ if name.endswith(("Classifier", "Regressor"))]


@cache
def _frame_and_target():
    rng = np.random.default_rng(0)
    size = np.where(rng.random(N) < 0.1, np.nan, rng.normal(size=N))
    colour = rng.choice(["red", "green", "blue"], N).astype(object)
    colour[rng.random(N) < 0.1] = None
    frame = pd.DataFrame(
        {"size": size, "count": rng.integers(0, 9, N), "colour": colour, "is_new": rng.random(N) < 0.5}
    )
    y = np.nan_to_num(size) + 2.0 * (colour == "red") + 0.2 * frame["count"] + 0.1 * rng.normal(size=N)
    return frame, y.to_numpy()


def _data(estimator):
    frame, y = _frame_and_target()
    return frame.copy(), y if estimator is regressor else np.where(y > 1.0, "high", "low")


def _numbers(estimator):
    frame, y = _data(estimator)
    return frame[["size", "count"]].to_numpy(), y


def _scores(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


# -- frames ----------------------------------------------------------------------------------------------------------


def _polars(frame):
    return pytest.importorskip("polars").from_pandas(frame)


def _polars_enum(frame):
    polars = pytest.importorskip("polars")
    return _polars(frame).with_columns(polars.col("colour").cast(polars.Enum(["red", "green", "blue"])))


def _pyarrow(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


def _pandas_arrow(frame):
    pytest.importorskip("pyarrow")
    return frame.convert_dtypes(dtype_backend="pyarrow")


FRAMES = {
    "category": lambda frame: frame.astype({"colour": "category"}),
    "other order of categories": lambda frame: frame.assign(
        colour=pd.Categorical(frame["colour"], ["green", "blue", "red"])
    ),
    "text": lambda frame: frame.assign(colour=frame["colour"].astype("str").mask(frame["colour"].isna())),
    "nullable": lambda frame: frame.convert_dtypes(),
    "pandas with Arrow": _pandas_arrow,
    "polars": _polars,
    "polars with Enum": _polars_enum,
    "pyarrow": _pyarrow,
}


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("convert", FRAMES.values(), ids=FRAMES)
def test_frames_of_any_library_give_the_same_model(estimator, convert):
    frame, y = _data(estimator)
    pytest.importorskip("narwhals")
    expected = estimator(n_estimators=3).fit(frame, y, X_val=frame, y_val=y)
    other = convert(frame)
    model = estimator(n_estimators=3).fit(other, y, X_val=other, y_val=y)
    np.testing.assert_array_equal(model.validation_score_, expected.validation_score_)
    np.testing.assert_array_equal(_scores(model, other), _scores(expected, frame))
    assert model.feature_names_in_.tolist() == list(frame.columns)
    np.testing.assert_array_equal(_scores(model, frame), _scores(expected, frame))


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_targets_and_weights_of_any_library(estimator, library):
    frame, y = _data(estimator)
    weight = np.arange(N) % 3 + 1.0
    module = pytest.importorskip(library)
    make = module.array if library == "pyarrow" else module.Series
    model = estimator(n_estimators=3).fit(frame, make(y), sample_weight=make(weight))
    expected = estimator(n_estimators=3).fit(frame, y, sample_weight=weight)
    np.testing.assert_array_equal(_scores(model, frame), _scores(expected, frame))


def test_index_of_frames_does_not_matter():
    frame, y = _data(regressor)
    shuffled = np.random.default_rng(0).permutation(N)
    model = regressor(n_estimators=3).fit(frame.set_index(shuffled), pd.Series(y, index=shuffled[::-1]))
    expected = regressor(n_estimators=3).fit(frame, y)
    np.testing.assert_array_equal(model.predict(frame), expected.predict(frame))


# -- pipelines and searches ------------------------------------------------------------------------------------------


def _pipeline(estimator):
    numbers = make_column_selector(dtype_include="number")
    preparation = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("colour", OneHotEncoder(), ["colour"]),
        ]
    )
    return make_pipeline(preparation, estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_search_over_a_pipeline_with_two_jobs(estimator):
    frame, y = _data(estimator)
    name = type(estimator()).__name__.lower()
    grid = {f"{name}__max_depth": [1, 3], f"{name}__grow_policy": ["depthwise", "symmetric"]}
    search = GridSearchCV(
        _pipeline(estimator(n_estimators=4, learning_rate=0.5)), grid, cv=3, n_jobs=2, error_score="raise"
    )
    search.fit(frame, y)
    serial = clone(search).set_params(n_jobs=1).fit(frame, y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], serial.cv_results_["mean_test_score"])
    assert search.score(frame, y) > 0.6
    assert search.predict(frame).shape == (N,)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("container", ["default", "pandas", "polars"])
def test_set_output_in_a_pipeline(estimator, container):
    if container != "default":
        pytest.importorskip(container)
    frame, y = _data(estimator)
    pipeline = make_pipeline(StandardScaler(), estimator(n_estimators=3)).set_output(transform=container)
    pipeline.fit(frame[["size", "count"]], y)
    names = getattr(pipeline[-1], "feature_names_in_", None)
    assert names is None if container == "default" else names.tolist() == ["size", "count"]
    plain = make_pipeline(StandardScaler(), estimator(n_estimators=3)).fit(frame[["size", "count"]], y)
    np.testing.assert_array_equal(pipeline.predict(frame[["size", "count"]]), plain.predict(frame[["size", "count"]]))


def test_search_over_quantiles():
    frame, y = _data(regressor)
    model = regressor("quantile", quantile=[0.1, 0.9], n_estimators=3)
    search = GridSearchCV(model, {"max_depth": [1, 2]}, cv=2, error_score="raise").fit(frame, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_cross_validation_with_early_stopping_and_weights(estimator):
    frame, y = _data(estimator)
    model = estimator(n_estimators=10, early_stopping=True, random_state=0)
    params = {"sample_weight": np.arange(N) % 2 + 1.0}
    results = cross_validate(model, frame, y, cv=3, params=params, return_estimator=True, error_score="raise")
    assert (results["test_score"] > 0.2).all()
    assert cross_val_score(model, frame, y, cv=3).shape == (3,)
    assert cross_val_predict(model, frame, y, cv=3).shape == (N,)


def test_cross_val_predict_of_probabilities():
    frame, y = _data(classifier)
    probabilities = cross_val_predict(classifier(n_estimators=5), frame, y, cv=3, method="predict_proba")
    assert probabilities.shape == (N, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_metadata_routing(estimator):
    X, y = _numbers(estimator)
    weight = np.arange(N) % 3 + 0.0
    with config_context(enable_metadata_routing=True):
        model = estimator(n_estimators=3).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        search = GridSearchCV(make_pipeline(scaler, model), {}, cv=2, error_score="raise")
        search.fit(X, y, sample_weight=weight)
        scaled = search.best_estimator_[0].transform(X)
        held_out = estimator(n_estimators=3, early_stopping=True, scoring=None, random_state=0)
        held_out.fit(X, y, sample_weight=weight + 1)
    expected = estimator(n_estimators=3).fit(scaled, y, sample_weight=weight)
    np.testing.assert_array_equal(_scores(search, X), _scores(expected, scaled))
    assert len(held_out.validation_score_) == held_out.n_iter_ + 1


# -- meta-estimators and inspection ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration(method):
    frame, y = _data(classifier)
    model = CalibratedClassifierCV(classifier(n_estimators=4), method=method, cv=2).fit(frame, y)
    assert model.score(frame, y) > 0.8


def test_permutation_importance():
    frame, y = _data(regressor)
    model = regressor(n_estimators=10, learning_rate=0.5).fit(frame, y)
    result = permutation_importance(model, frame, y, n_repeats=2, n_jobs=2, random_state=0)
    assert result.importances_mean[0] > 0.1 > result.importances_mean[3]


@pytest.mark.parametrize("kind", ["average", "individual"])
def test_partial_dependence(kind):
    frame, y = _data(regressor)
    model = regressor(n_estimators=10, learning_rate=0.5).fit(frame, y)
    size = partial_dependence(model, frame.astype({"count": float}), ["count"], kind=kind, grid_resolution=5)
    assert size[kind].mean(axis=tuple(range(size[kind].ndim - 1)))[-1] > size[kind].ravel()[0]
    colour = partial_dependence(model, frame.dropna(), ["colour"], categorical_features=["colour"])
    by_colour = dict(zip(colour["grid_values"][0], colour["average"][0]))
    assert by_colour["red"] > max(by_colour["blue"], by_colour["green"]) + 1


@pytest.mark.parametrize("name", SUPERVISED)
@pytest.mark.parametrize("method", ["auto", "brute"])
def test_partial_dependence_of_text(name, method):
    frame, y = _data(regressor)
    frame["colour"] = frame["colour"].fillna("none").astype(str)
    y = (y > 1.0 if name.endswith("Classifier") else y) * 1
    model = getattr(skensemble, name)()
    model.set_params(**{"n_estimators": 3} if "n_estimators" in model.get_params() else {}).fit(frame, y)
    found = partial_dependence(model, frame, ["colour"], categorical_features=["colour"], method=method)
    values, average = found["grid_values"][0].tolist(), found["average"][0]
    assert values == ["blue", "green", "none", "red"]
    assert average.argmax() == values.index("red")


def test_members_of_other_ensembles():
    X, y = _numbers(regressor)
    small = regressor(n_estimators=3)
    for model in (
        BaggingRegressor(small, n_estimators=2, n_jobs=2),
        VotingRegressor([("a", small), ("b", clone(small))]),
        TransformedTargetRegressor(small, func=np.negative, inverse_func=np.negative),
    ):
        assert model.fit(X, y).score(X, y) > 0.1
    labels = y > 1
    few = classifier(n_estimators=3)
    stack = StackingClassifier([("a", few)], LogisticRegression(), cv=2).fit(X, labels)
    assert stack.score(X, labels) > 0.6
    assert SelectFromModel(few).fit(X, labels).transform(X).shape[1] == 1
    both = np.c_[labels, X[:, 1] > 4]
    for model in (MultiOutputClassifier(few), ClassifierChain(few)):
        assert model.fit(np.nan_to_num(X), both).predict(np.nan_to_num(X)).shape == (N, 2)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_representations(estimator):
    model = type(estimator())(max_depth=3)
    assert repr(model) == f"{type(model).__name__}(max_depth=3)"
    html = estimator_html_repr(model)
    assert "https://skensemble.readthedocs.io" in html
    X, y = _numbers(estimator)
    assert "Fitted" in estimator_html_repr(model.set_params(n_estimators=1).fit(X, y))


# -- copies and files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_clone_and_parameters(estimator):
    frame, y = _data(estimator)
    model = estimator(n_estimators=3, max_depth=2, monotonic_cst={"size": 1}).fit(frame, y)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "n_features_in_")
    np.testing.assert_array_equal(_scores(copy.fit(frame, y), frame), _scores(model, frame))


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_files_of_joblib(estimator, mmap_mode, tmp_path):
    frame, y = _data(estimator)
    model = estimator(n_estimators=3).fit(frame, y)
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode=mmap_mode)
    for _ in range(2):
        np.testing.assert_array_equal(_scores(loaded, frame), _scores(model, frame))
    np.testing.assert_array_equal(loaded.apply(frame), model.apply(frame))
    loaded.set_params(warm_start=True, n_estimators=4).fit(frame, y)
    np.testing.assert_array_equal(_scores(loaded, frame), _scores(estimator(n_estimators=4).fit(frame, y), frame))


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_every_protocol(estimator, protocol):
    frame, y = _data(estimator)
    model = estimator(n_estimators=2).fit(frame, y)
    loaded = pickle.loads(pickle.dumps(model, protocol))
    np.testing.assert_array_equal(_scores(loaded, frame), _scores(model, frame))


def test_own_loss_travels_by_cloudpickle():
    cloudpickle = pytest.importorskip("cloudpickle")
    X, y = _numbers(regressor)
    model = regressor(lambda y, raw, weight: (raw - y, np.ones_like(raw)), n_estimators=2).fit(X, y)
    np.testing.assert_array_equal(cloudpickle.loads(cloudpickle.dumps(model)).predict(X), model.predict(X))


# -- threads and processes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_two_threads_fit_and_predict_at_once(n_jobs):
    tasks = [(estimator, *_data(estimator)) for estimator in ESTIMATORS] * 2
    expected = [_scores(estimator(n_estimators=5).fit(frame, y), frame) for estimator, frame, y in tasks]
    results, start = [None] * len(tasks), threading.Barrier(len(tasks))

    def work(k, estimator, frame, y):
        start.wait()
        results[k] = [_scores(estimator(n_estimators=5, n_jobs=n_jobs).fit(frame, y), frame) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(k, *task)) for k, task in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    for result, one in zip(results, expected):
        for other in result:
            np.testing.assert_array_equal(other, one)


def test_one_model_predicts_in_many_threads():
    frame, y = _data(regressor)
    model = pickle.loads(pickle.dumps(regressor(n_estimators=5).fit(frame, y)))
    expected = clone(model).fit(frame, y).predict(frame)
    predictions = joblib.Parallel(n_jobs=4, backend="threading")(
        joblib.delayed(model.predict)(frame) for _ in range(12)
    )
    for prediction in predictions:
        np.testing.assert_array_equal(prediction, expected)


def _fit_and_predict(seed):
    X, y = _numbers(regressor)
    return regressor(n_estimators=3, subsample=0.7, random_state=seed).fit(X, y).predict(X)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_fits_under_joblib(backend):
    results = joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(_fit_and_predict)(seed) for seed in range(4))
    for seed, result in enumerate(results):
        np.testing.assert_array_equal(result, _fit_and_predict(seed))
