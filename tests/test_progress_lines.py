"""Long fits are quiet by default, and say how far they are with `verbose=1`."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeRegressor

from skensemble import FlowMatching
from skensemble._front_door import estimators
from skensemble._progress_lines import Clock, ProgressLines
from skensemble.generative import evaluate
from tests.test_notebook_summary import FIELD, fitted_small, small

SHORT = ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor", "TableEncoder")
LEFT = re.compile(r"\d+\.\d (s|min) left$|Remaining Time|\d+\.\d\ds$")


@pytest.mark.parametrize("name", [name for name in estimators() if name not in SHORT])
def test_every_long_fit_is_quiet_and_prints_when_asked(name, capsys):
    model = small(name)
    assert model.verbose == 0
    fitted_small(name, model)
    assert capsys.readouterr() == ("", "")
    fitted_small(name, model.set_params(verbose=1))
    said = capsys.readouterr()
    assert said.err == ""
    lines = said.out.splitlines()
    assert lines
    assert all(LEFT.search(line) for line in lines)


def test_evaluations_are_quiet_and_print_when_asked(capsys):
    table = np.random.default_rng(0).normal(size=(30, 2))
    given = {"metrics": ["ks_complement", "exact_copies"], "random_state": 0}
    quiet = evaluate(table[:10], table[10:20], table[20:], **given)
    assert capsys.readouterr().out == ""
    loud = evaluate(table[:10], table[10:20], table[20:], verbose=1, **given)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[1/6] ks_complement of synthetic 0.")
    assert len(lines) == 6
    pd.testing.assert_frame_equal(quiet.table, loud.table)


def test_regressors_that_do_not_tell_their_rounds_have_a_line(capsys):
    table = np.random.default_rng(0).normal(size=(30, 1))
    FlowMatching(regressor=DecisionTreeRegressor(max_depth=2), random_state=0, verbose=1).fit(table)
    assert capsys.readouterr().out.startswith("[1/1] fitted, ")
    FlowMatching(regressor=FIELD, random_state=0, verbose=1).fit(table)
    assert "[2/2] loss 0." in capsys.readouterr().out


@pytest.mark.parametrize(("verbose", "n_lines"), [(0, 0), (1, 13), (True, 13), (2, 25)])
def test_lines_of_tenths_and_of_each_step(verbose, n_lines, capsys):
    lines = ProgressLines(verbose, 25)
    for _ in range(25):
        lines.step("score 1")
    said = capsys.readouterr().out.splitlines()
    assert len(said) == n_lines
    assert not said or re.fullmatch(r"\[25/25\] score 1, 0\.0 s left", said[-1])


def test_time_that_is_left():
    clock = Clock()
    clock.begin -= 10.0
    assert clock.left(1, 4) == "30.0 s left"
    assert clock.left(1, 31) == "5.0 min left"


class Rounds:
    """A callback that counts rounds, and stops after some."""

    def __init__(self, stop_after=None):
        self.stop_after, self.n_rounds, self.n_most, self.is_finished = stop_after, 0, None, False

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "fit":
            self.n_most = context.max_subtasks

    def on_fit_task_end(self, estimator, context):
        self.n_rounds += context.task_name == "round"
        self.is_finished = context.task_name == "fit"
        return self.n_rounds == self.stop_after


WITH_ROUNDS = [name for name, made in estimators().items() if hasattr(made, "set_callbacks")]
WITH_ROUNDS.remove("DensityOutlierDetector")  # its rounds are those of another estimator (test_callbacks.py)


@pytest.mark.parametrize("name", WITH_ROUNDS)
def test_callbacks_see_every_round(name):
    pytest.importorskip("sklearn.callback")  # scikit-learn >= 1.9
    rounds = Rounds()
    fitted_small(name, small(name).set_callbacks(rounds))
    assert 0 < rounds.n_rounds <= rounds.n_most
    assert rounds.is_finished


def test_callbacks_end_the_training_of_generators():
    pytest.importorskip("sklearn.callback")
    model = small("NICE").set_params(max_epochs=5).set_callbacks(Rounds(stop_after=2))
    assert len(fitted_small("NICE", model).loss_curve_) == 2
    model = small("DDPM").set_params(regressor__n_estimators=5).set_callbacks(Rounds(stop_after=2))
    assert len(fitted_small("DDPM", model)._field.regressor.validation_error_[0]) == 3
    model = small("ScoreSDE").set_params(regressor__check_interval=5).set_callbacks(Rounds(stop_after=2))
    assert fitted_small("ScoreSDE", model)._field.regressor.n_iter_ == 10
