"""A density becomes a detector of outliers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

from skensemble.generative._outlier_detector import DensityOutlierDetector
from skensemble.generative.flows._normalizing_flows import RealNVP

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
