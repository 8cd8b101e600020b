"""A density becomes a detector of outliers."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer

from skensemble.generative._outlier_detector import DensityOutlierDetector
from skensemble.generative.flows._normalizing_flows import Glow, RealNVP

FLOW = RealNVP(n_layers=2, hidden_layer_sizes=(16,), max_epochs=10, random_state=0)


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(size=(400, 2))


@pytest.mark.parametrize("estimator", [FLOW, GaussianMixture(random_state=0), KernelDensity()])
def test_a_share_of_the_rows_are_outliers(X, estimator):
    detector = DensityOutlierDetector(estimator, contamination=0.05).fit(X)
    assert np.mean(detector.predict(X) == -1) == pytest.approx(0.05, abs=0.005)
    assert detector.predict([[0.0, 0.0], [8.0, -8.0]]).tolist() == [1, -1]
    assert_allclose(detector.decision_function(X), detector.score_samples(X) - detector.offset_)


def test_weights_are_copies(X):
    weight = np.random.default_rng(1).integers(0, 3, len(X))
    weighted = DensityOutlierDetector(FLOW).fit(X, sample_weight=weight)
    copied = DensityOutlierDetector(FLOW).fit(np.repeat(X, weight, axis=0))
    assert_allclose(weighted.offset_, copied.offset_, rtol=1e-4)


def test_bad_input_is_refused(X):
    with pytest.raises(ValueError, match="contamination"):
        DensityOutlierDetector(FLOW, contamination=0.6).fit(X)
    with pytest.raises(ValueError, match="estimator"):
        DensityOutlierDetector("flow").fit(X)
    with pytest.raises(ValueError, match="sample_weight must be None for GaussianMixture"):
        DensityOutlierDetector(GaussianMixture()).fit(X, sample_weight=np.ones(len(X)))
    with pytest.raises(ValueError, match="random_state"):
        DensityOutlierDetector(FLOW, random_state="seed").fit(X)


# -- log densities that are not finite -------------------------------------------------------------------------------


class FirstColumn(BaseEstimator):
    """A density whose log is what stands in the first column."""

    def fit(self, X, y=None, sample_weight=None):
        return self

    def score_samples(self, X):
        return np.asarray(X)[:, 0]


def test_what_is_lost_is_an_outlier():
    X = np.arange(100.0)[:, np.newaxis]
    detector = DensityOutlierDetector(FirstColumn()).fit(X)
    lost = [[np.nan], [np.inf], [-np.inf], [50.0]]
    assert detector.score_samples(lost).tolist() == [-np.inf, -np.inf, -np.inf, 50.0]
    assert detector.decision_function(lost)[:3].tolist() == [-np.inf] * 3
    assert detector.predict(lost).tolist() == [-1, -1, -1, 1]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("weight", [None, np.ones(100)])
@pytest.mark.parametrize("n_lost", [1, 10, 30])
def test_what_is_lost_in_training_is_an_outlier(n_lost, weight, value):
    X = np.arange(100.0)[:, np.newaxis]
    X[:n_lost] = value
    detector = DensityOutlierDetector(FirstColumn(), contamination=0.1).fit(X, sample_weight=weight)
    assert np.isfinite(detector.offset_)
    assert_array_equal(np.flatnonzero(detector.predict(X) == -1), np.arange(max(n_lost, 10)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_density_that_is_lost_everywhere_is_refused(value):
    with pytest.raises(ValueError, match="finite log density"):
        DensityOutlierDetector(FirstColumn()).fit(np.full((20, 1), value))


@pytest.mark.parametrize("flow", [RealNVP, Glow])
def test_rows_that_overflow_are_outliers(flow):
    X = np.random.default_rng(0).normal(size=(100, 3))
    detector = DensityOutlierDetector(flow(n_layers=2, max_epochs=1), random_state=0).fit(X)
    far = [[1e30, 0.0, 0.0], [1e160, 0.0, 0.0], [-1e300, 1e300, 0.0]]
    assert detector.predict(far).tolist() == [-1, -1, -1]
    assert not np.isnan(detector.decision_function(far)).any()


# -- seeds -----------------------------------------------------------------------------------------------------------

UNSEEDED = RealNVP(n_layers=2, hidden_layer_sizes=(8,), max_epochs=2)


@pytest.mark.parametrize("random_state", [0, np.random.RandomState(3)])
def test_an_unseeded_density_is_repeatable(X, random_state):
    detector = DensityOutlierDetector(UNSEEDED, random_state=random_state)
    one, two = (clone(detector).fit(X).score_samples(X) for _ in range(2))
    assert_array_equal(one, two)
    assert np.any(one != DensityOutlierDetector(UNSEEDED, random_state=1).fit(X).score_samples(X))
    assert UNSEEDED.random_state is None


def test_a_seed_reaches_what_stands_inside_the_density(X):
    density = make_pipeline(QuantileTransformer(n_quantiles=50), GaussianMixture(2))
    params = DensityOutlierDetector(density, random_state=0).fit(X).estimator_.get_params()
    seeds = {params["quantiletransformer__random_state"], params["gaussianmixture__random_state"]}
    assert len(seeds) == 2
    assert None not in seeds
    kept = DensityOutlierDetector(GaussianMixture(random_state=5)).fit(X)
    assert kept.estimator_.random_state == 5
    assert DensityOutlierDetector(KernelDensity(), random_state=0).fit(X).predict([[9.0, 9.0]]).tolist() == [-1]


def test_new_rows_may_have_missing_cells_and_new_levels(X):
    words = np.where(X[:, 0] > 0.0, "right", "left")
    detector = DensityOutlierDetector(FLOW).fit(pd.DataFrame({"a": X[:, 0], "word": words}))
    new = pd.DataFrame({"a": [0.5, np.nan, 0.5], "word": ["right", "right", "up"]})
    decision = detector.decision_function(new)
    assert np.isfinite(decision).all()
    assert decision[0] > decision[1:].max()
    assert detector.predict(new)[0] == 1
