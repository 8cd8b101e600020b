"""Tables and targets as users have them, in every estimator: text in arrays, masks, labels of columns, other types."""

import warnings
from enum import Enum

import numpy as np
import pandas as pd
import pytest
import sklearn

from skensemble._front_door import ESTIMATORS, estimators
from skensemble._parameters import OneOf, ParameterError
from tests.test_input_kinds import collection

N = 60
SMALL = {
    "n_estimators": 4,
    "max_depth": 3,
    "n_layers": 2,
    "n_steps": 2,
    "max_epochs": 2,
    "max_steps": 5,
    "hidden_layer_sizes": (8,),
    "random_state": 0,
}
TREES = [name for part in ("Boosting", "Forests", "Trees") for name in ESTIMATORS[part]]
DENSITIES = ["RealNVP", "NeuralSplineFlow", "AutoregressiveForest", "TableEncoder", "DensityOutlierDetector"]


def made(name, **parameters):
    model = estimators()[name]()
    known = model.get_params()
    small = {key: value for key, value in SMALL.items() if key in known}
    if name == "DensityOutlierDetector":
        small["estimator"] = made("RealNVP")
    return model.set_params(**{**small, **parameters})


def frame_and_target(name):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"size": rng.normal(size=N), "colour": rng.choice(["red", "green", "blue"], N), "count": rng.integers(0, 9, N)}
    )
    target = frame["size"] + 2.0 * (frame["colour"] == "red")
    return frame, (target > 0.5).astype(int).to_numpy() if "Classifier" in name else np.rint(target - target.min())


def answer(model, X):
    for method in ("predict_proba", "predict", "score_samples", "transform"):
        if hasattr(model, method):
            return getattr(model, method)(X)
    raise AssertionError(f"{model} says nothing")


def answers_of(model, X):
    """What each of its methods says of X."""
    methods = ("predict", "score_samples", "transform", "encode")
    return {method: getattr(model, method)(X) for method in methods if hasattr(model, method)}


def fitted(name, X, y, **parameters):
    model = made(name, **parameters)
    return model.fit(X, y) if name in TREES else model.fit(X)


# -- text in arrays, labels of objects -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TREES + DENSITIES)
def test_an_array_of_objects_is_a_frame_without_names(name):
    frame, y = frame_and_target(name)
    frame.loc[3, "size"] = frame.loc[7, "colour"] = None
    X = frame.astype(object).to_numpy()
    frame.columns = range(3)
    of_frame, of_array = fitted(name, frame, y), fitted(name, X, y)
    np.testing.assert_array_equal(answer(of_array, X), answer(of_frame, frame))
    np.testing.assert_array_equal(answer(of_array, frame), answer(of_frame, frame))
    if name in TREES:
        np.testing.assert_array_equal(answer(fitted(name, X.tolist(), y), X.tolist()), answer(of_frame, frame))


@pytest.mark.parametrize("name", [name for name in TREES if "Classifier" in name])
@pytest.mark.parametrize("kind", [int, bool, float])
def test_labels_of_objects_that_are_numbers(name, kind):
    frame, y = frame_and_target(name)
    plain, objects = y.astype(kind), y.astype(kind).astype(object)
    model = fitted(name, frame, objects)
    assert model.classes_.dtype == plain.dtype
    np.testing.assert_array_equal(model.predict(frame), fitted(name, frame, plain).predict(frame))
    assert model.score(frame, objects) == model.score(frame, plain)


@pytest.mark.parametrize("name", [name for name in TREES if "Classifier" in name])
def test_labels_of_strings_of_any_length(name):
    frame, y = frame_and_target(name)
    labels = np.array(["no", "yes, of course"], object)[y]
    long_strings = labels.astype(np.dtypes.StringDType()) if hasattr(np.dtypes, "StringDType") else labels.astype(str)
    model = fitted(name, frame, long_strings)
    np.testing.assert_array_equal(model.predict(frame), fitted(name, frame, labels).predict(frame))
    assert model.score(frame, long_strings) == model.score(frame, labels)


# -- parameters ------------------------------------------------------------------------------------------------------


def words(model):
    """Parameters that are one of a few words."""
    return {name: value for name, value in model.get_params(deep=False).items() if isinstance(value, str)}


@pytest.mark.parametrize("name", TREES + DENSITIES)
def test_words_and_numbers_of_numpy_and_members_of_enums(name):
    frame, y = frame_and_target(name)
    expected = answer(fitted(name, frame, y), frame)
    member = Enum("Word", {f"W{i}": value for i, value in enumerate(set(words(made(name)).values()))}, type=str)
    for kind in (np.str_, member):
        given = {key: kind(value) for key, value in words(made(name)).items()}
        np.testing.assert_array_equal(answer(fitted(name, frame, y, **given), frame), expected)
    scalars = {bool: np.bool_, int: np.int64, float: np.float64}
    parameters = made(name).get_params(deep=False).items()
    given = {key: scalars[type(value)](value) for key, value in parameters if type(value) in scalars}
    np.testing.assert_array_equal(answer(fitted(name, frame, y, **given), frame), expected)


def test_a_word_of_numpy_that_is_not_one_of_them():
    assert not OneOf("gini").accepts(np.str_("ginny"))


# -- frames that scikit-learn is asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["RealNVP", "TableEncoder"])
@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_frames_as_the_output_of_transformers_change_no_answer(name, container):
    pytest.importorskip(container)
    frame, _ = frame_and_target(name)
    expected = answers_of(fitted(name, frame, None), frame)
    with sklearn.config_context(transform_output=container):
        found = answers_of(fitted(name, frame, None), frame)
    assert found.keys() == expected.keys()
    for method in expected:
        np.testing.assert_array_equal(np.asarray(found[method]), expected[method], err_msg=method)


# -- masks and collections -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TREES + DENSITIES)
def test_masked_cells_are_missing(name):
    frame, y = frame_and_target(name)
    X = frame[["size", "count"]].to_numpy()
    is_masked = np.random.default_rng(1).random(X.shape) < 0.2
    masked = np.ma.array(np.where(is_masked, -9999.0, X), mask=is_masked)
    missing = np.where(is_masked, np.nan, X)
    model, expected = fitted(name, masked, y), fitted(name, missing, y)
    np.testing.assert_array_equal(answer(model, masked), answer(expected, missing))


@pytest.mark.parametrize("name", TREES)
def test_masked_targets_and_weights_are_refused(name):
    frame, y = frame_and_target(name)
    mask = np.arange(N) == 5
    with pytest.raises(ValueError, match="^y must have no missing values, got 1 masked"):
        made(name).fit(frame, np.ma.array(y, mask=mask))
    with pytest.raises(ValueError, match="^sample_weight must have no missing values, got 1 masked"):
        made(name).fit(frame, y, sample_weight=np.ma.array(np.ones(N), mask=mask))
    if name.startswith("Newton"):
        with pytest.raises(ValueError, match="^init_score must have no missing values, got 1 masked"):
            made(name).fit(frame, y, init_score=np.ma.array(np.zeros(N), mask=mask))


@pytest.mark.parametrize("name", estimators())
def test_collections_that_are_not_in_memory_are_refused(name):
    frame, y = frame_and_target(name)
    lazy = collection("dask", columns=["a", "b"], shape=(3, 2))
    with pytest.raises(ParameterError, match=r"^X must be in memory, got a dask DataFrame.*X\.compute\(\)"):
        made(name).fit(lazy, y)
    X = frame[["size", "count"]]
    model = fitted(name, X, y) if name in TREES + DENSITIES else None
    if model is not None:
        with pytest.raises(ParameterError, match=r"^X must be in memory"):
            answer(model, lazy)
    if name in TREES:
        for arguments, parameter in (((X, lazy), "y"), ((X, y, lazy), "sample_weight")):
            with pytest.raises(ParameterError, match=f"^{parameter} must be in memory"):
                made(name).fit(*arguments)


# -- labels of columns -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TREES + DENSITIES)
@pytest.mark.parametrize("labels", [[0, 1], [2, 5], [("a", 1), ("a", 2)]], ids=str)
def test_columns_in_another_order_are_an_error_whatever_their_labels(name, labels):
    frame, y = frame_and_target(name)
    X = frame[["size", "count"]].set_axis(pd.Index(labels), axis=1)
    model = fitted(name, X, y)
    answer(model, X)
    with pytest.raises(ValueError, match="feature names should match those that were passed during fit, got"):
        answer(model, X[labels[::-1]])
    of_array = fitted(name, X.to_numpy(), y)
    np.testing.assert_array_equal(answer(of_array, X), answer(model, X.to_numpy()))


@pytest.mark.parametrize("name", [name for name in TREES if "monotonic_cst" in made(name).get_params()])
def test_constraints_of_labels(name):
    frame, y = frame_and_target(name)
    X = frame[["count", "size"]].set_axis([2, 0], axis=1)
    by_label = fitted(name, X, y, monotonic_cst={2: -1})
    np.testing.assert_array_equal(answer(by_label, X), answer(fitted(name, X, y, monotonic_cst=[-1, 0]), X))
    with pytest.raises(ParameterError, match=r"monotonic_cst must hold labels of columns of X \(2, 0\), got 1"):
        fitted(name, X, y, monotonic_cst={1: 1})


@pytest.mark.parametrize("name", [name for name in TREES if "interaction_cst" in made(name).get_params()])
def test_groups_of_labels(name):
    frame, y = frame_and_target(name)
    X = frame[["count", "size"]].assign(other=1.0).set_axis([2, 0, 7], axis=1)
    by_label = fitted(name, X, y, interaction_cst=[[2, 7], [0]])
    by_position = fitted(name, X.to_numpy(), y, interaction_cst=[[0, 2], [1]])
    np.testing.assert_array_equal(answer(by_label, X), answer(by_position, X))


# -- levels of another type ------------------------------------------------------------------------------------------

REWRITES = {
    "text as ints": (lambda level: level.astype(str), lambda level: level),
    "ints as text": (lambda level: level, lambda level: level.astype(str)),
    "text as floats": (lambda level: level.astype(str), lambda level: level.astype(np.float32)),
    "floats as text": (lambda level: level.astype(float), lambda level: level.astype(int).astype(str)),
    "bools as text": (lambda level: level > 2, lambda level: (level > 2).astype(str)),
    "text as bools": (lambda level: (level > 2).astype(str), lambda level: level > 2),
    "single as double": (lambda level: (level / 10).astype(np.float32), lambda level: level / 10),
    "double as single": (lambda level: level / 10, lambda level: (level / 10).astype(np.float32)),
    "categories as text": (lambda level: level.astype("category"), lambda level: level.astype(str)),
}


@pytest.mark.parametrize("name", [*TREES, "TableEncoder"])
@pytest.mark.parametrize(("before", "after"), REWRITES.values(), ids=REWRITES)
def test_levels_are_matched_by_value_where_types_differ(name, before, after):
    frame, y = frame_and_target(name)
    level = pd.Series(np.random.default_rng(2).integers(0, 6, N))
    seen, given = (frame[["size"]].assign(level=change(level)) for change in (before, after))
    parameters = {"categorical_features": ["level"]} if "categorical_features" in made(name).get_params() else {}
    model = fitted(name, seen, y, **parameters)
    np.testing.assert_array_equal(answer(model, given), answer(model, seen))


@pytest.mark.parametrize("name", TREES)
def test_numbers_of_fit_that_come_as_text(name):
    frame, y = frame_and_target(name)
    frame["flag"] = frame["size"] > 0.2
    model = fitted(name, frame, y)
    given = frame.assign(flag=frame["flag"].astype(str), size=frame["size"].astype(str))
    np.testing.assert_array_equal(answer(model, given), answer(model, frame))


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("strange", [["mauve"] * N, [17] * N], ids=["text", "numbers"])
def test_columns_without_a_known_level_cause_a_warning(name, strange):
    frame, y = frame_and_target(name)
    model = fitted(name, frame, y)
    with pytest.warns(UserWarning, match="No cell of column 'colour' is a level that fit saw") as caught:
        answer(model, frame.assign(colour=strange))
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer(model, frame.assign(colour=["red", *strange[1:]]))


# -- text that should be something else ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TREES + DENSITIES)
def test_text_that_holds_numbers_or_names_of_rows_causes_a_warning(name):
    frame, y = frame_and_target(name)
    numbers = frame.assign(colour=[" ", "?", *frame["size"].round(4).astype(str)[2:]])
    message = r"column 'colour' holds text, of which 9\d % of the cells are numbers"
    with pytest.warns(UserWarning, match=message) as caught:
        fitted(name, numbers, y)
    assert {warning.filename for warning in caught} == {__file__}
    twice = pd.concat([frame, frame], ignore_index=True).assign(colour=[f"row {i}" for i in range(2 * N)])
    with pytest.warns(UserWarning, match="column 'colour' looks like an identifier: 120 of its 120 levels"):
        fitted(name, twice, np.tile(y, 2))
    if "categorical_features" in made(name).get_params():
        fitted(name, numbers, y, categorical_features=["colour"])


@pytest.mark.parametrize("name", TREES)
def test_numbers_whose_dtype_has_categories_that_do_not_occur(name):
    frame, y = frame_and_target(name)
    model = fitted(name, frame, y)
    given = pd.Categorical(frame["count"], [*range(9), "?"])
    np.testing.assert_array_equal(answer(model, frame.assign(count=given)), answer(model, frame))


@pytest.mark.parametrize("name", TREES)
def test_text_where_fit_saw_numbers_gets_advice_for_predict(name):
    frame, y = frame_and_target(name)
    model = fitted(name, frame, y)
    with pytest.raises(ValueError, match="'\\?'. column 'size' must hold numbers as in fit: replace"):
        answer(model, frame.assign(size=["?"] * N))
