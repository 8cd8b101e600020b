"""Below a fitted model a notebook shows its size, its scores and its importances, and below an unfitted one nothing."""

import re
from html import unescape

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

import skensemble
from skensemble import (
    AdaBoostClassifier,
    DecisionTreeClassifier,
    NewtonBoostingRegressor,
    RandomForestClassifier,
    load_model,
    save_model,
)
from tests.inspection.asked_models import CLASSES, NAMES, X, Y, fitted


@pytest.mark.parametrize("name", NAMES)
def test_every_model_shows_its_trees_and_importances(name):
    model = fitted(name)
    html = model._repr_html_()
    n_trees = model._shown_trees().trees.n_trees
    assert f"<td>trees</td><td>{n_trees} with " in html
    assert "feature importances" in html
    assert model._repr_mimebundle_()["text/html"].endswith("</table></div>")
    assert "feature importances" not in getattr(skensemble, name)()._repr_html_()


def test_bars_are_those_of_the_largest_importances():
    html = clone(fitted("NewtonBoostingRegressor")).fit(X.rename(columns={"size": "<b>size</b>"}), Y)._repr_html_()
    bars = html.split("feature importances")[1]
    names = re.findall(r"<tr><td>(.*?)</td>", bars)
    assert "<b>size</b>" not in bars
    assert unescape(names[0]) == "<b>size</b>"
    widths = [int(width) for width in re.findall(r"width: (\d+)px", bars)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == 160


def test_rounds_and_scores():
    model = NewtonBoostingRegressor(n_estimators=50, early_stopping=True, n_iter_no_change=2, random_state=0, verbose=0)
    html = model.fit(X, Y)._repr_html_()
    assert f"<td>rounds</td><td>{model.n_iter_}" in html
    assert f"last validation score</td><td>{model.validation_score_[-1]:.6g}" in html
    assert html.count("<polyline") == len([s for s in (model.train_score_, model.validation_score_) if len(s) > 1])
    forest = RandomForestClassifier(20, oob_score=True, random_state=0).fit(X, CLASSES)
    assert f"out-of-bag score</td><td>{forest.oob_score_:.6g}" in forest._repr_html_()


def test_what_is_missing_is_left_out(tmp_path):
    linear = NewtonBoostingRegressor(booster="gblinear", n_estimators=2).fit(X, Y)
    assert "<td>trees</td>" not in linear._notebook_summary()
    other = AdaBoostClassifier(LogisticRegression(), n_estimators=2).fit(X[["size"]], CLASSES)
    assert "importances" not in other._notebook_summary()
    save_model(fitted("RandomForestRegressor"), tmp_path / "model", slim=True)
    assert "<td>trees</td>" in load_model(tmp_path / "model")._notebook_summary()
    assert "importances" not in DecisionTreeClassifier().fit(X, np.zeros(60))._notebook_summary()


def test_text_display_stays_text():
    model = fitted("DecisionTreeRegressor")
    with sklearn.config_context(display="text"):
        assert "text/html" not in model._repr_mimebundle_()
        assert not hasattr(model, "_repr_html_")
