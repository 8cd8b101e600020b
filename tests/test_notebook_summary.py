"""Below a fitted estimator a notebook shows what was fitted, and below an unfitted one nothing."""

import re
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import sklearn
import sklearn.tree
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils import estimator_html_repr

import skensemble
import skensemble.generative
from skensemble import (
    AdaBoostClassifier,
    DecisionTreeClassifier,
    NewtonBoostingRegressor,
    RandomForestClassifier,
    load_model,
    save_model,
)
from skensemble._front_door import estimators
from skensemble.generative import MLPField, TreeField
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


# -- every estimator -------------------------------------------------------------------------------------------------

NASTY = '<b>&"'
TABLE = pd.DataFrame(
    {
        NASTY: np.arange(60.0) % 7 + 0.5 * np.arange(60),
        "kind": np.array(["<i>", "b", "c"])[np.arange(60) % 3],
        NASTY + "same": 1.0,
    }
)
LABELS = np.array(["low", "high"])[np.arange(60) % 2]
FEW = {"hidden_layer_sizes": (8,), "n_jobs": 1}
SMALL = {"n_estimators": 2, "max_epochs": 2, "max_steps": 20, "random_state": 0} | FEW
FIELD = TreeField(n_estimators=2, n_jobs=1)
OTHERS = {  # what is not in SMALL
    "FlowMatching": {"regressor": FIELD},
    "RectifiedFlow": {"regressor": FIELD},
    "ScoreSDE": {"regressor": MLPField(max_steps=20, **FEW)},
    "DDPM": {"regressor": FIELD},
    "DensityOutlierDetector": {"estimator": skensemble.NICE(max_epochs=2, **FEW)},
}
FACTS = {
    "TableEncoder": ["3 (2 of numbers, 1 of categories)", "encoded columns", "constant"],
    "AutoregressiveForest": ["chain 2", "smallest leaves", "smooth curves"],
    "DensityOutlierDetector": ["10 % of the training samples", "log-density", "NICE", "epochs"],
    "MLPField": ["2 → 8 → 1, with ", "of 20", "least loss of training rows"],
    "DDPM": ["TreeField", "in 1 ensemble", "ddim, 50 steps", "a lower bound"],
    "FlowMatching": ["TreeField", "least squared error of held-out rows", "labels", "2 classes"],
    "RectifiedFlow": ["TreeField", "midpoint"],
    "ScoreSDE": ["MLPField", "of 20", "probability-flow"],
    "ContinuousNormalizingFlow": ["1 continuouslayer", "squared error of the velocity of held-out rows"],
}
FLOWS = ["layers", "2 of 2", "log-likelihood, per encoded row, of held-out rows", "<polyline"]
VOID = {"br", "img", "input", "link", "meta", "hr"}


class Tags(HTMLParser):
    """Raises unless every tag is closed in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def small(name):
    model = estimators()[name]()
    given = {parameter: SMALL[parameter] for parameter in SMALL if parameter in model.get_params(deep=False)}
    return clone(model.set_params(**given | OTHERS.get(name, {})))  # with regressors of its own


def fitted_small(name, model):
    if name == "MLPField":
        return model.fit(np.c_[Y, -Y], Y)
    if name == "NewtonBoostingRanker":
        return model.fit(TABLE, Y > 0, qid=np.arange(60) // 10)
    if name in ("AutoregressiveForest", "FlowMatching") or hasattr(model, "predict"):
        return model.fit(TABLE, Y if name.endswith("Regressor") else LABELS)
    return model.fit(TABLE)


def _without_ids(html):
    return re.sub(r"sk-[a-z-]*id-\d+", "", html)


@pytest.mark.parametrize("name", estimators())
def test_every_estimator_says_what_was_fitted(name, tmp_path):
    model = small(name)
    assert _without_ids(model._repr_html_()) == _without_ids(estimator_html_repr(model))
    shown = fitted_small(name, model)._notebook_summary()
    assert model._repr_html_().endswith(shown)
    facts = FACTS.get(name) or (FLOWS if hasattr(model, "max_epochs") else ["<td>trees</td>", "feature importances"])
    for fact in facts:
        assert fact in shown
    assert NASTY not in shown
    assert "<i>" not in shown
    tags = Tags()
    tags.feed(shown)
    assert not tags.open
    assert unescape(shown).count(NASTY) > 0 or name == "MLPField"
    save_model(model, tmp_path / "model", slim=True)
    assert facts[0] in load_model(tmp_path / "model")._notebook_summary()


def test_coefficients_have_bars_of_either_sign():
    model = NewtonBoostingRegressor(booster="gblinear", n_estimators=9).fit(TABLE.assign(minus=-Y), Y)
    shown = model._notebook_summary()
    assert "coefficients" in shown
    assert "<td>minus</td><td>-" in shown


def test_fields_of_trees_say_how_many():
    model = skensemble.FlowMatching(regressor=FIELD, random_state=0).fit(TABLE)
    assert model._notebook_summary().count("<svg") == 1
    assert "2 in 1 ensemble, of at most 2 each" in model._field.regressor._notebook_summary()


def test_imported_models_say_their_trees():
    model = skensemble.from_sklearn(sklearn.tree.DecisionTreeRegressor(max_depth=2).fit(X[["size"]], Y))
    assert "<td>trees</td><td>1 with " in model._notebook_summary()
