"""The table of metrics."""

from typing import NamedTuple

from skensemble.generative.evaluation._coverage import coverage
from skensemble.generative.evaluation._marginals import ks_complement, tv_complement, wasserstein_1d
from skensemble.generative.evaluation._pair_trends import contingency_similarity, correlation_similarity
from skensemble.generative.evaluation._privacy import closer_to_train, exact_copies, nn_distance_ratio
from skensemble.generative.evaluation._two_sample import c2st_auc
from skensemble.generative.evaluation._utility import utility
from skensemble.generative.evaluation._wasserstein import sliced_wasserstein, wasserstein


class Metric(NamedTuple):
    """A row of the table of an evaluation.

    name : str
    better : "higher", "lower" or "near 0.5"
    function : (comparison, sample, generator) -> float, NaN where it means nothing
    """

    name: str
    better: str
    function: object


METRICS = (
    Metric("ks_complement", "higher", ks_complement),
    Metric("tv_complement", "higher", tv_complement),
    Metric("wasserstein_1d", "lower", wasserstein_1d),
    Metric("correlation_similarity", "higher", correlation_similarity),
    Metric("contingency_similarity", "higher", contingency_similarity),
    Metric("sliced_wasserstein", "lower", sliced_wasserstein),
    Metric("wasserstein", "lower", wasserstein),
    Metric("coverage", "higher", coverage),
    Metric("c2st_auc", "near 0.5", c2st_auc),
    Metric("utility", "higher", utility),
    Metric("closer_to_train", "near 0.5", closer_to_train),
    Metric("nn_distance_ratio", "higher", nn_distance_ratio),
    Metric("exact_copies", "lower", exact_copies),
)
