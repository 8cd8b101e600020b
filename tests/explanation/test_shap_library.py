"""With the real shap library, where it is installed: its plots draw our explanations, and its values are ours."""

import warnings
from importlib.util import find_spec

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skensemble import DecisionTreeRegressor, NewtonBoostingClassifier, RandomForestClassifier
from skensemble.inspection import explain

pytestmark = pytest.mark.filterwarnings("ignore")  # shap's own
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 5)).astype(np.float32)
Y = X[:, 0] * X[:, 1] + X[:, 2] + RNG.normal(size=120) * 0.1

if find_spec("shap"):  # in the extra "test"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of shap about matplotlib
        import shap

    def test_all_plots_draw():
        frame = pd.DataFrame(X, columns=list("abcde")).assign(kind=pd.Categorical(np.where(Y > 0, "up", "down")))
        model = NewtonBoostingClassifier(n_estimators=3).fit(frame, Y > 0.5)
        given = explain(model, frame).to_shap()
        for plot in (shap.plots.beeswarm, shap.plots.bar, shap.plots.violin):
            plot(given, show=False)
        shap.plots.waterfall(given[3], show=False)
        shap.plots.heatmap(given, show=False)
        shap.plots.scatter(given[:, "a"], color=given[:, "b"], show=False)
        shap.plots.force(given[3], matplotlib=True, show=False)
        shap.plots.decision(given.base_values[0], given.values, frame.iloc[:5], show=False, ignore_warnings=True)
        assert plt.get_fignums()
        plt.close("all")

    def test_several_outputs_are_taken_one_by_one():
        model = RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0).fit(X, np.digitize(Y, [-1, 1]))
        given = explain(model, X).to_shap()
        assert given.shape == (120, 5, 3)
        shap.plots.beeswarm(given[:, :, 1], show=False)
        assert plt.get_fignums()
        plt.close("all")

    def test_values_are_those_of_shap_where_it_reads_models_rightly():
        tree = DecisionTreeRegressor(max_depth=5).fit(X, Y)
        forest = RandomForestClassifier(n_estimators=4, max_depth=5, random_state=0).fit(X, Y > 0)
        for model in (tree, forest):
            theirs = shap.TreeExplainer(model.to_sklearn())
            ours = explain(model, X)
            np.testing.assert_allclose(ours.values, theirs.shap_values(X), rtol=1e-6, atol=1e-7)
            np.testing.assert_allclose(ours.base_values[0], np.ravel(theirs.expected_value), rtol=1e-6)
            pairs = explain(model, X, interactions=True)
            np.testing.assert_allclose(pairs.values, theirs.shap_interaction_values(X), rtol=1e-6, atol=1e-6)
            compared = explain(model, X, background=X[:20])
            theirs = shap.TreeExplainer(model.to_sklearn(), X[:20])
            np.testing.assert_allclose(compared.values, theirs.shap_values(X), rtol=1e-6, atol=1e-6)

    def test_boosters_are_explained_through_scikit_learn():
        model = NewtonBoostingClassifier(n_estimators=4, grow_policy="lossguide", max_leaf_nodes=8).fit(X, Y > 0)
        values = shap.TreeExplainer(model.to_sklearn()).shap_values(X)
        np.testing.assert_allclose(explain(model, X).values, values, rtol=1e-6, atol=1e-7)
        symmetric = NewtonBoostingClassifier(n_estimators=4).fit(X, Y > 0)  # has leaves without a sample
        assert shap.TreeExplainer(symmetric.to_sklearn()).shap_values(X).shape == X.shape
