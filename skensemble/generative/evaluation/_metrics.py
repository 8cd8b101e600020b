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
    meaning : what a value says, and which one is good, for people
    """

    name: str
    better: str
    function: Callable
    best: float | None = None
    largest: float = 1.0
    note: Callable = lambda comparison, samples: None
    meaning: str = ""


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "ks_complement",
            "higher",
            ks_complement,
            best=1.0,
            meaning="Do single columns of numbers look alike? 1 is the same distribution.",
        ),
        Metric(
            "tv_complement",
            "higher",
            tv_complement,
            best=1.0,
            meaning="Do levels have the same shares, column by column? 1 is the same.",
        ),
        Metric(
            "wasserstein_1d",
            "lower",
            wasserstein_1d,
            best=0.0,
            meaning="How far would numbers have to move, column by column, in units of their range? 0 is nowhere.",
        ),
        Metric(
            "correlation_similarity",
            "higher",
            correlation_similarity,
            best=1.0,
            note=note_on_pairs,
            meaning="Do pairs of numbers rise and fall together as real ones do? 1 is the same correlations.",
        ),
        Metric(
            "contingency_similarity",
            "higher",
            contingency_similarity,
            best=1.0,
            note=note_on_pairs,
            meaning="Do pairs with levels come together as often as real ones? 1 is the same shares.",
        ),
        Metric(
            "sliced_wasserstein",
            "lower",
            sliced_wasserstein,
            best=0.0,
            meaning="How far apart are random mixtures of the columns? 0 is the same; compare with real train.",
        ),
        Metric(
            "wasserstein",
            "lower",
            wasserstein,
            best=0.0,
            largest=np.inf,
            note=note_on_transport,
            meaning="How far would whole rows have to move? Real train says what is possible.",
        ),
        Metric(
            "coverage",
            "higher",
            coverage,
            best=1.0,
            meaning="Is there a synthetic row near each real one? .95 is as good as the training rows.",
        ),
        Metric(
            "c2st_auc",
            "near 0.5",
            c2st_auc,
            meaning="Can boosted trees tell synthetic from real rows? .5: no; 1: always.",
        ),
        Metric(
            "utility",
            "higher",
            utility,
            note=note_on_utility,
            meaning="How good is a model trained on these rows, asked about real ones? Near real train is good.",
        ),
        Metric(
            "closer_to_train",
            "near 0.5",
            closer_to_train,
            meaning="Are rows nearer to training rows than to others? .5: no; 1: rows are remembered.",
        ),
        Metric(
            "nn_distance_ratio",
            "higher",
            nn_distance_ratio,
            meaning="Do rows lie next to one training row in particular? Low values are copies with noise.",
        ),
        Metric(
            "exact_copies",
            "lower",
            exact_copies,
            note=note_on_copies,
            meaning="Which share of the rows is equal to a training row? Not above that of the real test rows is good.",
        ),
    )
}
