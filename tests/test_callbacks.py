"""scikit-learn's callbacks: monitors, progress bars, and a user's own, in a fit alone and inside a search."""

import pickle
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skensemble import NewtonBoostingRegressor
from skensemble._callbacks import FitProgress
from skensemble.generative import DensityOutlierDetector, RealNVP
from tests.plain import classifier, regressor
from tests.recorder import Recorder

callback = pytest.importorskip("sklearn.callback")  # scikit-learn >= 1.9

N = 120


def _data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 3))
    return X, X[:, 0] + 0.2 * rng.normal(size=N)


@pytest.mark.parametrize("kind", ["numbers", "classes", "outputs"])
@pytest.mark.parametrize("parameters", [{}, {"subsample": 0.5, "random_state": 0}, {"grow_policy": "symmetric"}])
def test_estimator_of_each_round_is_a_truncated_model(kind, parameters):
    X, y = _data()
    y = {"numbers": y, "classes": np.digitize(y, [-0.5, 0.5]), "outputs": np.c_[y, -y]}[kind]
    estimator = classifier if kind == "classes" else regressor
    recorder = Recorder()
    model = estimator(n_estimators=4, **parameters).set_callbacks(recorder).fit(X, y)
    assert recorder.calls == ["setup", "teardown"]
    assert len(recorder.fitted) == 4
    for k, fitted in enumerate(recorder.fitted, 1):
        short = estimator(n_estimators=k, **parameters).fit(X, y)
        assert fitted.n_iter_ == k
        np.testing.assert_array_equal(fitted.predict(X), short.predict(X))
        np.testing.assert_array_equal(fitted.apply(X), short.apply(X))
        assert len(list(fitted.staged_predict(X))) == k
        np.testing.assert_array_equal(fitted.feature_importances_, short.feature_importances_)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(X), short.predict(X))
    np.testing.assert_array_equal(model.predict(X), recorder.fitted[-1].predict(X))


def test_callbacks_do_not_change_the_model():
    X, y = _data()
    with_callbacks = regressor(n_estimators=4).set_callbacks(Recorder()).fit(X, y)
    np.testing.assert_array_equal(with_callbacks.predict(X), regressor(n_estimators=4).fit(X, y).predict(X))


def test_tasks_begin_and_end_in_order():
    X, y = _data()
    recorder = Recorder()
    weight = np.ones(N)
    regressor(n_estimators=3).set_callbacks(recorder).fit(X, y, sample_weight=weight)
    assert recorder.begun == [("fit", 0), ("round", 0), ("round", 1), ("round", 2)]
    assert [task[:2] for task in recorder.ended] == [("round", 0), ("round", 1), ("round", 2), ("fit", 0)]
    assert all(task[2]["sample_weight"] is weight for task in recorder.ended)


def test_a_search_is_a_task_whose_tasks_are_candidates_on_folds():
    X, y = _data()
    recorder = Recorder()
    model = NewtonBoostingRegressor(cv=2, linear_leaves="auto", learning_rate=0.5).set_callbacks(recorder).fit(X, y)
    assert recorder.begun[:4] == [("fit", 0), ("search", 0), ("fold", 0), ("fold", 1)]
    n_folds = sum(name == "fold" for name, _ in recorder.begun)
    assert n_folds == sum(map(len, model.cv_results_["split_test_scores"]))
    assert recorder.begun[2 + n_folds] == ("rounds", 1)
    assert len(recorder.fitted) == model.n_iter_
    assert [name for name, _, _ in recorder.ended[-2:]] == ["rounds", "fit"]


def test_a_callback_that_ends_a_search_leaves_the_choice_to_what_is_known():
    X, y = _data()

    class Ends(Recorder):
        def on_fit_task_end(self, estimator, context, **_):
            self.ended.append(context.task_name)
            return context.task_name == "fold" and self.ended.count("fold") == 2

    ends = Ends()
    model = NewtonBoostingRegressor(random_state=0, learning_rate=0.5).set_callbacks(ends).fit(X, y)
    assert ends.ended[:3] == ["fold", "fold", "search"]
    assert ends.ended.count("round") == model.n_iter_ > 0
    assert [len(scores) for scores in model.cv_results_["split_test_scores"]] == [1, 1]


def test_callback_stops_the_fit():
    X, y = _data()
    model = regressor(n_estimators=50).set_callbacks(Recorder(stop_after=3)).fit(X, y)
    assert model.n_iter_ == 3
    np.testing.assert_array_equal(model.predict(X), regressor(n_estimators=3).fit(X, y).predict(X))


def test_callback_stops_a_fit_with_early_stopping():
    X, y = _data()
    model = regressor(n_estimators=50, early_stopping=True, random_state=0)
    model.set_callbacks(Recorder(stop_after=3)).fit(X, y)
    assert len(model.validation_score_) == 4
    assert model.n_iter_ == model.validation_score_.argmax()


def test_callback_that_fails_leaves_the_model_of_before():
    X, y = _data()
    recorder = Recorder(fail_after=2)
    model = regressor(n_estimators=4).fit(X, y)
    before = model.predict(X)
    with pytest.raises(RuntimeError, match="enough"):
        model.set_params(n_estimators=9).set_callbacks(recorder).fit(X[:50], y[:50])
    assert recorder.calls == ["setup", "teardown"]
    assert model.n_iter_ == 4
    np.testing.assert_array_equal(model.predict(X), before)


def test_warm_start_counts_its_own_rounds():
    X, y = _data()
    recorder = Recorder()
    model = regressor(n_estimators=2, warm_start=True).fit(X, y)
    model.set_params(n_estimators=5).set_callbacks(recorder).fit(X, y)
    assert [fitted.n_iter_ for fitted in recorder.fitted] == [3, 4, 5]
    np.testing.assert_array_equal(recorder.fitted[-1].predict(X), model.predict(X))


def test_nothing_to_do():
    X, _ = _data()
    recorder = Recorder()
    classifier(n_estimators=2).set_callbacks(recorder).fit(X, np.zeros(N))
    assert recorder.calls == ["setup", "teardown"]
    assert recorder.fitted == []


def test_clone_keeps_callbacks_and_pickles():
    model = regressor(n_estimators=3).set_callbacks(Recorder())
    X, y = _data()
    assert len(clone(model)._skl_callbacks) == 1
    copy = pickle.loads(pickle.dumps(model.fit(X, y)))
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    assert not hasattr(copy, "_callback_fit_ctx")


@pytest.mark.parametrize("weighted", [False, True])
def test_monitor_scores_every_round(weighted):
    X, y = _data()
    weight = {"sample_weight": np.arange(N) % 3 + 0.0} if weighted else {}
    monitor = callback.ScoringMonitor(scoring="r2")
    model = regressor(n_estimators=4).set_callbacks(monitor).fit(X, y, **weight)
    log = monitor.get_logs().data
    rounds = [entry["r2"] for entry in log if entry["task_name"] == "round"]
    assert len(rounds) == 4
    assert (np.diff(rounds) > 0).all()
    assert rounds[-1] == pytest.approx(model.score(X, y, **weight))


def test_monitor_inside_a_pipeline_and_a_search():
    X, y = _data()
    monitor = callback.ScoringMonitor(scoring="accuracy")
    model = classifier(n_estimators=2).set_callbacks(monitor)
    search = GridSearchCV(make_pipeline(StandardScaler(), model), {"newtonboostingclassifier__max_depth": [1, 2]}, cv=2)
    search.fit(X, y > 0)
    logs = monitor.get_logs(select="all")
    assert sum(entry["task_name"] == "round" for log in logs for entry in log.data) == (2 * 2 + 1) * 2


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_search_shows_its_progress(n_jobs):
    pytest.importorskip("rich")
    X, y = _data()
    model = regressor(n_estimators=2)
    search = GridSearchCV(model, {"max_depth": [1, 2]}, cv=2, n_jobs=n_jobs).set_callbacks(callback.ProgressBar())
    with redirect_stdout(StringIO()):
        search.fit(X, y)
    assert search.best_estimator_.n_iter_ == 2


def test_progress_bar_of_a_fit():
    pytest.importorskip("rich")
    X, y = _data()
    with redirect_stdout(StringIO()):
        model = regressor(n_estimators=3, early_stopping=True).set_callbacks(callback.ProgressBar())
        assert model.fit(X, y).n_iter_ <= 3


def test_a_detector_hands_its_callbacks_on():
    pytest.importorskip("rich")
    X, _ = _data()
    recorder, detector = Recorder(), DensityOutlierDetector(RealNVP(n_layers=1, max_epochs=2), random_state=0)
    with redirect_stdout(StringIO()) as printed:
        detector.set_callbacks(callback.ProgressBar(), recorder).fit(X)
    assert recorder.begun == [("fit", 0), ("estimator", 0)]
    assert [task[:2] for task in recorder.ended] == [("estimator", 0), ("fit", 0)]
    assert "RealNVP" in printed.getvalue()
    assert not hasattr(detector.estimator_, "_parent_callback_ctx")
    plain = DensityOutlierDetector(RealNVP(n_layers=1, max_epochs=2), random_state=0).fit(X)
    np.testing.assert_array_equal(detector.score_samples(X), plain.score_samples(X))


def test_no_callbacks_no_work():
    def refuse():
        raise AssertionError("nobody asked")

    model = regressor()
    progress = FitProgress(model, 3, {})
    assert progress.context is None
    assert progress.run_round(lambda: None, refuse) is False
    progress.finish(refuse)
    assert not hasattr(model, "_callback_fit_ctx")
