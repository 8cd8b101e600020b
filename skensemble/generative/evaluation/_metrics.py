"""The table of metrics."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skensemble.generative.evaluation._coverage import coverage
from skensemble.generative.evaluation._marginals import ks_complement, tv_complement, wasserstein_1d
from skensemble.generative.evaluation._pair_trends import (
    contingency_similarity,
    correlation_similarity,
    note_on_pairs,
)
from skensemble.generative.evaluation._privacy import closer_to_train, exact_copies, nn_distance_ratio, note_on_copies
from skensemble.generative.evaluation._two_sample import c2st_auc
from skensemble.generative.evaluation._utility import note_on_utility, utility
from skensemble.generative.evaluation._wasserstein import note_on_transport, sliced_wasserstein, wasserstein


class Metric(NamedTuple):
    """A row of the table of an evaluation.

    name : str
    better : "higher", "lower" or "near 0.5"
    function : (comparison, sample, generator) -> float, NaN where it means nothing
    best : value of a sample that is the test rows themselves, or None where that depends on the tables
    largest : no value is larger
    note : (comparison, samples) -> a sentence that explains the values, or None
    """

    name: str
    better: str
    function: Callable
    best: float | None = None
    largest: float = 1.0
    note: Callable = lambda comparison, samples: None


METRICS = {
    metric.name: metric
    for metric in (
        Metric("ks_complement", "higher", ks_complement, best=1.0),
        Metric("tv_complement", "higher", tv_complement, best=1.0),
        Metric("wasserstein_1d", "lower", wasserstein_1d, best=0.0),
        Metric("correlation_similarity", "higher", correlation_similarity, best=1.0, note=note_on_pairs),
        Metric("contingency_similarity", "higher", contingency_similarity, best=1.0, note=note_on_pairs),
        Metric("sliced_wasserstein", "lower", sliced_wasserstein, best=0.0),
        Metric("wasserstein", "lower", wasserstein, best=0.0, largest=np.inf, note=note_on_transport),
        Metric("coverage", "higher", coverage, best=1.0),
        Metric("c2st_auc", "near 0.5", c2st_auc),
        Metric("utility", "higher", utility, note=note_on_utility),
        Metric("closer_to_train", "near 0.5", closer_to_train),
        Metric("nn_distance_ratio", "higher", nn_distance_ratio),
        Metric("exact_copies", "lower", exact_copies, note=note_on_copies),
    )
}
