"""A model that was saved and loaded again is the same model; what no file can hold is refused by a sentence."""

import io
import json
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skensemble import (
    AdaBoostClassifier,
    DecisionTreeRegressor,
    GradientBoostingRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRegressor,
    RandomForestRegressor,
    load_model,
    save_model,
)
from skensemble._front_door import estimators
from skensemble.generative import TableEncoder
from skensemble.inspection import export_text, trees_to_dataframe
from tests.conftest import ROOT
from tests.model_files.models import BINARY, LABEL, MODELS, NUMBER, TREE_MODELS, WEIGHT, X, answers, assert_same, fitted

every_model = pytest.mark.parametrize("name", MODELS)


def file_of(model, **options):
    file = io.BytesIO()
    save_model(model, file, **options)
    file.seek(0)
    return file


def saved_and_loaded(model, **options):
    return load_model(file_of(model, **options))


@every_model
def test_a_loaded_model_is_the_same(name):
    model, table = fitted(name)
    loaded = saved_and_loaded(model)
    assert type(loaded) is type(model)
    assert_same(answers(loaded, table), answers(model, table))


@every_model
def test_nothing_is_lost(name):
    """All fitted attributes are in the file, so that a model that is saved again has the same file."""
    model, _ = fitted(name)
    loaded = saved_and_loaded(model)
    assert loaded.__getstate__().keys() == model.__getstate__().keys()
    assert file_of(loaded).getvalue() == file_of(model).getvalue()


@every_model
def test_a_slim_model_predicts_the_same(name):
    model, table = fitted(name)
    content = file_of(model, slim=True)
    assert name not in TREE_MODELS or len(content.getvalue()) < len(file_of(model).getvalue())
    loaded = load_model(content)
    assert_same(answers(loaded, table), answers(model, table))
    assert file_of(loaded, slim=True).getvalue() == content.getvalue()


@pytest.mark.parametrize("name", estimators())
def test_unfitted_estimators_are_saved_by_their_parameters(name):
    estimator = estimators()[name]()
    assert saved_and_loaded(estimator).get_params() == estimator.get_params()


def test_every_estimator_has_a_model_in_this_table():
    assert {type(fitted(name)[0]).__name__ for name in MODELS} == set(estimators())


# -- slim models -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["trees", "gradient boosting", "forest"])
def test_slim_models_do_not_go_on(name):
    loaded = saved_and_loaded(fitted(name)[0], slim=True).set_params(warm_start=True, n_estimators=5)
    with pytest.raises(ValueError, match="warm_start must be False .* slim=True"):
        loaded.fit(X, NUMBER)
    loaded.set_params(warm_start=False).fit(X, NUMBER)
    loaded.set_params(warm_start=True, n_estimators=6).fit(X, NUMBER)


@pytest.mark.parametrize("name", ["trees", "gradient boosting", "forest", "adaboost", "tree"])
def test_slim_models_have_no_importances(name):
    loaded = saved_and_loaded(fitted(name)[0], slim=True)
    with pytest.raises(AttributeError, match="feature_importances_ needs gains .* slim=True"):
        loaded.feature_importances_  # noqa: B018


def test_slim_trees_are_not_drawn():
    for show in (export_text, trees_to_dataframe):
        with pytest.raises(AttributeError, match="slim=True"):
            show(saved_and_loaded(fitted("tree")[0], slim=True))


def test_full_models_go_on():
    model = NewtonBoostingRegressor(n_estimators=2, random_state=0).fit(X, NUMBER)
    go_on = {"warm_start": True, "n_estimators": 4}
    loaded = saved_and_loaded(model).set_params(**go_on).fit(X, NUMBER)
    assert_same(answers(loaded, X), answers(model.set_params(**go_on).fit(X, NUMBER), X))


# -- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["poisson", "tweedie"])
def test_amounts_go_on_in_their_unit(loss):
    model = NewtonBoostingRegressor(loss=loss, n_estimators=3, warm_start=True, random_state=0)
    amounts = np.exp(np.nan_to_num(NUMBER)) * 1e-6
    model.fit(X, amounts)
    loaded = saved_and_loaded(model)
    for each in (model, loaded):
        each.set_params(n_estimators=6).fit(X, amounts)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_paths_and_files(tmp_path):
    model = fitted("tree")[0]
    for path in (tmp_path / "tree.model", str(tmp_path / "tree.model")):
        save_model(model, path)
        assert (tmp_path / "tree.model").read_bytes() == file_of(model).getvalue()
        assert load_model(path).get_params() == model.get_params()
    with pytest.raises(TypeError, match="path_or_file must be a path or a binary file, got 3"):
        save_model(model, 3)
    with pytest.raises(TypeError, match="path_or_file must be a file that was opened in binary mode"):
        load_model(io.StringIO("text"))
    with open(tmp_path / "tree.model") as text, pytest.raises(TypeError, match="opened in binary mode"):
        load_model(text)
    with pytest.raises(TypeError, match="got bytes: wrap them in io.BytesIO"):
        load_model((tmp_path / "tree.model").read_bytes())
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "nothing")


@pytest.mark.parametrize(("slim", "most"), [(False, 350_000), (True, 120_000)])
def test_a_hundred_trees_of_31_leaves_are_a_small_file(slim, most):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(4000, 28))
    model = NewtonBoostingClassifier(grow_policy="lossguide", max_leaf_nodes=31, n_estimators=100, random_state=0)
    model.fit(rows, rows[:, 0] + rows[:, 1] * rows[:, 2] + rng.logistic(size=4000) > 0)
    assert model._booster.additive.trees.n_leaves.sum() > 3000
    assert len(file_of(model, slim=slim).getvalue()) < most


def test_models_are_loaded_without_generative_ones():
    code = (
        "import sys, skensemble; skensemble.load_model(sys.stdin.buffer); "
        "print(*(name for name in sys.modules if name.startswith('skensemble.generative')))"
    )
    content = file_of(fitted("trees")[0]).getvalue()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, input=content, capture_output=True, check=True)
    assert done.stdout.decode().split() == []


def test_arrays_and_their_names_are_readable():
    """As any reader of safetensors would: header, names, aligned arrays."""
    model = fitted("trees")[0]
    content = file_of(model).getvalue()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    assert header["__metadata__"]["kind"] == "NewtonBoostingRegressor"
    entry = header["_booster.additive.trees.threshold"]
    start, stop = entry["data_offsets"]
    body = content[8 + length :]
    assert (8 + length) % 64 == 0
    assert start % 8 == 0
    thresholds = np.frombuffer(body[start:stop], {"F32": "<f4", "F64": "<f8"}[entry["dtype"]])
    np.testing.assert_array_equal(thresholds, model._booster.additive.trees.threshold)


# -- what no file can hold -------------------------------------------------------------------------------------------


def test_other_objects_are_refused():
    for value in (LinearRegression(), "model", None):
        with pytest.raises(TypeError, match="model must be an estimator of skensemble"):
            save_model(value, io.BytesIO())
    with pytest.raises(TypeError, match=r"got Pipeline: save pipeline\[-1\] if that is one, or pickle the whole"):
        save_model(make_pipeline(StandardScaler(), DecisionTreeRegressor()), io.BytesIO())
    search = GridSearchCV(DecisionTreeRegressor(), {"max_depth": [1]}, cv=2).fit(X, NUMBER)
    with pytest.raises(TypeError, match=r"got GridSearchCV: save search.best_estimator_ if that is one"):
        save_model(search, io.BytesIO())


def log_loss(y, raw, weight):
    p = 1.0 / (1.0 + np.exp(-raw))
    return p - y, p * (1.0 - p)


def test_functions_are_refused():
    model = NewtonBoostingClassifier(n_estimators=1, loss=log_loss).fit(X, BINARY)
    with pytest.raises(TypeError, match="loss must not be a function in a model that is saved, got log_loss"):
        save_model(model, io.BytesIO())
    model = NewtonBoostingClassifier(scoring=lambda *_: 0.0)
    with pytest.raises(TypeError, match="scoring must not be a function"):
        save_model(model, io.BytesIO())


def test_parts_of_other_packages_are_refused():
    model = AdaBoostClassifier(LogisticRegression(), n_estimators=2).fit(np.nan_to_num(X), LABEL)
    with pytest.raises(TypeError, match=r"estimator must be an estimator of skensemble .* sklearn.LogisticRegression"):
        save_model(model, io.BytesIO())
    model = GradientBoostingRegressor(n_estimators=1, init=LinearRegression()).fit(np.nan_to_num(X), NUMBER)
    with pytest.raises(TypeError, match=r"init must be an estimator of skensemble .* sklearn.LinearRegression"):
        save_model(model, io.BytesIO())


def test_random_states_are_saved_as_seeds():
    state = np.random.RandomState(3)
    model = RandomForestRegressor(2, random_state=state)
    first = saved_and_loaded(model).random_state
    assert isinstance(first, int)
    assert saved_and_loaded(model).random_state == first  # saving draws nothing


def test_a_failed_save_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "model"
    save_model(DecisionTreeRegressor(), path)
    before = path.read_bytes()
    with pytest.raises(TypeError, match="scoring"):
        save_model(NewtonBoostingClassifier(scoring=lambda *_: 0.0), path)
    assert path.read_bytes() == before


def test_loaded_models_can_be_pickled_and_fitted():
    model, table = fitted("categories")
    loaded = pickle.loads(pickle.dumps(saved_and_loaded(model)))
    assert_same(answers(loaded, table), answers(model, table))
    refitted = loaded.fit(table, NUMBER)
    assert_same(answers(refitted, table), answers(model, table))
    assert_same(
        answers(saved_and_loaded(fitted("forest")[0]).fit(X, NUMBER, WEIGHT), X), answers(fitted("forest")[0], X)
    )


def test_a_column_without_a_cell_and_one_of_intervals():
    table = pd.DataFrame({"x": np.arange(12.0), "nothing": [None] * 12, "part": pd.cut(np.arange(12.0), 3)})
    encoder = TableEncoder().fit(table)
    file = io.BytesIO()
    save_model(encoder, file)
    file.seek(0)
    loaded = load_model(file)
    pd.testing.assert_frame_equal(loaded.inverse_transform(loaded.transform(table)), table)
