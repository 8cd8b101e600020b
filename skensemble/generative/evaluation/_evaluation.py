"""evaluate: the quality and the privacy of a synthetic table."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zlib import crc32

import numpy as np
import pandas as pd

from skensemble._parallel import effective_n_jobs
from skensemble._parameters import N_JOBS, RANDOM_STATE, Interval, IsNone, Matches, NameIn, SequenceOf, check_parameter
from skensemble._progress_lines import IS_VERBOSE, ProgressLines
from skensemble._random import draw_seed, generator
from skensemble.generative.evaluation._compared_tables import read_tables
from skensemble.generative.evaluation._comparison import Comparison
from skensemble.generative.evaluation._metrics import METRICS
from skensemble.generative.evaluation._pictures import draw_evaluation
from skensemble.generative.evaluation._report import report_page
from skensemble.generative.evaluation._smote import smote

if TYPE_CHECKING:
    from skensemble._types import Any, ArrayLike, PathLike, Seed, Sequence, Table

REAL_TRAIN, SMOTE = "real train", "SMOTE"
ROWS_IN_PICTURES = 2000
ABOUT_PRIVACY = ("closer_to_train", "nn_distance_ratio", "exact_copies")
PARAMETERS = {
    "metrics": (
        IsNone,
        SequenceOf(NameIn(METRICS), f"a list of names of metrics: {', '.join(METRICS)}"),
    ),
    "max_transport_rows": (Interval(int, 1),),
    "random_state": (*RANDOM_STATE, Matches(lambda value: isinstance(value, np.random.Generator), "a numpy Generator")),
    "n_jobs": N_JOBS,
    "verbose": IS_VERBOSE,
}


def evaluate(
    real_train: Table,
    real_test: Table,
    synthetic: Any,
    *,
    target: str | int | None = None,
    categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
    metrics: Sequence[str] | None = None,
    max_transport_rows: int = 2000,
    random_state: Seed = None,
    n_jobs: int | None = None,
    verbose: int | bool = 0,
) -> Evaluation:
    """Evaluate the quality and the privacy of a synthetic table.

    Synthetic samples are compared with real samples that their generator has not seen. Two baselines are always
    evaluated, too: "real train", the training samples themselves, whose quality is the best possible and whose privacy
    is the worst, and "SMOTE", points between neighbouring training samples, a cheap generator of high quality that
    stays close to them.

    Numbers are scaled so that those of the training samples lie in [0, 1]. The distance between two samples is the sum
    of the absolute differences of their numbers, plus 1 for each category that differs. Missing cells are a level of
    their own for categories; the distance of a missing number to any other is between 1/2 and 1.

    Parameters
    ----------
    real_train : frame of pandas or polars, pyarrow table, or array-like of shape (n_train, n_columns)
        Training samples of the generator.
    real_test : table of shape (n_test, n_columns)
        Held-out samples of the same distribution.
    synthetic : table of shape (n_synthetic, n_columns), or dict of str -> table
        Generated samples, of one generator or, by name, of several.
    target : str or int, default=None
        Name or position of the column that is predicted for the metric "utility", and whose levels are the classes of
        SMOTE. None: "utility" is NaN.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns of numbers or dates whose values are categories: their names or positions, or a boolean mask. Strings,
        booleans and columns with a dtype of categories always are: "from_dtype" and None mean the same.
    metrics : list of str, default=None
        Names of the metrics, see Notes. None: all metrics.
    max_transport_rows : int, default=2000
        Maximum number of samples of each table for the exact optimal transport of the metric "wasserstein"; larger
        tables are subsampled at random. Its time grows faster than the square of this number.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of SMOTE, random projections, folds, models and subsamples. Pass an int to get the same values in every
        call.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    verbose : int or bool, default=0
        Whether to print progress. 1: a line for each tenth of the values. 2: a line for each value.

    Returns
    -------
    evaluation : Evaluation
        The values, as a DataFrame `table` with one row per metric, `plot()` and `to_html()`.

    Raises
    ------
    ValueError
        If a table has no rows, other columns, infinite cells or a column without a training value, or if the target or
        a metric is unknown.
    TypeError
        If a column holds neither numbers, strings, dates nor categories.

    Notes
    -----
    ======================  ========  ================================================================================
    metric                  better    definition
    ======================  ========  ================================================================================
    ks_complement           higher    1 - Kolmogorov-Smirnov distance, mean over columns of numbers
    tv_complement           higher    1 - total variation distance, mean over columns of categories
    wasserstein_1d          lower     W1, mean over columns of numbers
    correlation_similarity  higher    1 - half of the difference of correlations, mean over pairs of numbers
    contingency_similarity  higher    1 - total variation distance, mean over other pairs; numbers in 10 bins
    sliced_wasserstein      lower     mean W1 over 100 random projections of the samples
    wasserstein             lower     W1 between the samples (optimal transport with the distance above)
    coverage                higher    fraction of test samples with a synthetic sample not farther away than their k-th
                                      neighbour; k is such that training samples cover 95 % (Naeem et al. [1]_)
    c2st_auc                near 0.5  area under the ROC curve of boosted trees that classify synthetic and test samples
                                      [2]_
    utility                 higher    macro F1 or R2 on the test samples, of boosted trees trained on synthetic samples
    closer_to_train         near 0.5  fraction of samples closer to a training than to a test sample, corrected for the
                                      sizes of both tables; 1 for a generator that repeats its training samples
    nn_distance_ratio       higher    distance to the nearest / to the second nearest training sample, mean over samples
    exact_copies            lower     fraction of samples that equal a training sample
    ======================  ========  ================================================================================

    A metric that is not defined for a table (no numbers, no target, a single test sample) is NaN. Compare synthetic
    tables of the same size: distances and coverage improve with the number of samples.

    References
    ----------
    .. [1] M. F. Naeem, S. J. Oh, Y. Uh, Y. Choi and J. Yoo, Reliable fidelity and diversity metrics for generative
       models, ICML 2020.
    .. [2] D. Lopez-Paz and M. Oquab, Revisiting classifier two-sample tests, ICLR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.generative import evaluate
    >>> rng = np.random.default_rng(0)
    >>> real = rng.normal(size=(300, 2))
    >>> evaluation = evaluate(real[:200], real[200:], rng.normal(size=(200, 2)), random_state=0)
    >>> list(evaluation.table)
    ['better', 'synthetic', 'real train', 'SMOTE']
    >>> evaluation.table.loc["exact_copies", ["synthetic", "real train"]].tolist()
    [0.0, 1.0]
    """
    given = {"metrics": metrics, "max_transport_rows": max_transport_rows}
    given |= {"random_state": random_state, "n_jobs": n_jobs, "verbose": verbose}
    for name, rules in PARAMETERS.items():
        check_parameter(name, given[name], rules)
    tables = {"real_train": real_train, "real_test": real_test} | _named_samples(synthetic)
    columns, rows = read_tables(tables, categorical_features)
    train, test = rows.pop("real_train"), rows.pop("real_test")
    target = _target_position(target, columns, real_train)
    rng, n_threads = generator(random_state), effective_n_jobs(n_jobs)
    samples = {name.removeprefix("synthetic "): sample for name, sample in rows.items()} | {
        REAL_TRAIN: train,
        SMOTE: smote(train, target, generator(draw_seed(rng)), n_threads),
    }
    comparison = Comparison(train, test, target, max_transport_rows, n_threads)
    chosen = [metric for metric in METRICS.values() if metrics is None or metric.name in list(metrics)]
    lines = ProgressLines(verbose, len(samples) * len(chosen))
    values = _measured(comparison, samples, chosen, draw_seed(rng), lines)
    distances = _distances(comparison, {"real test": test} | samples, chosen)
    return Evaluation(values, _notes(comparison, samples, chosen), {"real test": test} | samples, rng, distances)


def _named_samples(synthetic):
    """dict of tables, under the names by which messages call them."""
    if not isinstance(synthetic, dict):
        return {"synthetic": synthetic}
    taken = {"better", "real test", REAL_TRAIN, SMOTE}
    if not synthetic or not all(isinstance(name, str) and name not in taken for name in synthetic):
        raise ValueError(
            f"synthetic must be a table or a dict from names other than {sorted(taken)} to tables, "
            f"got a dict of {list(synthetic)}."
        )
    return {f"synthetic {name}": table for name, table in synthetic.items()}


def _target_position(target, columns, real_train):
    if target is None:
        return None
    names = [column.name for column in columns]
    if isinstance(target, str) and target in names and not isinstance(real_train, np.ndarray):
        return names.index(target)
    is_position = isinstance(target, (int, np.integer)) and not isinstance(target, bool)
    if is_position and 0 <= target < len(columns):
        return int(target)
    raise ValueError(f"target must be the name or position of a column of real_train ({names}), got {target!r}.")


def _measured(comparison, samples, metrics, seed, lines):
    """DataFrame of metrics, each with the same random numbers for all samples, so that values can be compared."""
    values = {"better": [metric.better for metric in metrics]}
    for name, sample in samples.items():
        values[name] = []
        for metric in metrics:
            rng = np.random.default_rng([seed, crc32(metric.name.encode())])
            values[name].append(metric.function(comparison, sample, rng))
            lines.step(f"{metric.name} of {name} {values[name][-1]:.4g}")
    return pd.DataFrame(values, index=pd.Index([metric.name for metric in metrics], name="metric"))


def _distances(comparison, tables, metrics):
    """dict, name -> sorted distances to the closest training row, where some metric of privacy asks for them."""
    if not any(metric.name in ABOUT_PRIVACY for metric in metrics):
        return {}
    return {
        name: np.sort(comparison.distances_to_train(rows)[:, 0]) for name, rows in tables.items() if name != REAL_TRAIN
    }


def _notes(comparison, samples, metrics):
    """What the metrics say about their values, each sentence once."""
    notes = [metric.note(comparison, samples) for metric in metrics]
    return list(dict.fromkeys(note for note in notes if note is not None))


class Evaluation:
    """Result of `evaluate`.

    Attributes
    ----------
    table : DataFrame
        One row per metric. The column "better" says which values are good ("higher", "lower", "near 0.5"); it is
        followed by one column per synthetic table, "real train" and "SMOTE".
    notes : list of str
        Sentences about the values: which were computed from subsamples, and their units.
    """

    def __init__(self, table, notes, tables, rng, distances):
        self.table, self.notes, self._distances = table, notes, distances
        self._tables = {name: _thinned(rows, rng) for name, rows in tables.items()}

    def __repr__(self):
        return "\n".join([self.table.to_string(na_rep="-", float_format="%.4f"), *self.notes])

    def _repr_html_(self):
        items = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return self.table.to_html(na_rep="-", float_format="%.4f".__mod__) + f"<ul>{items}</ul>"

    def plot(self, *, n_columns: int = 6, n_pairs: int = 3) -> Any:
        """Plot the metrics, and columns and pairs of columns of the synthetic and the test samples.

        Parameters
        ----------
        n_columns : int, default=6
            Maximum number of columns: distribution functions of numbers, frequencies of the levels of categories.
        n_pairs : int, default=3
            Maximum number of pairs of columns of numbers.

        Returns
        -------
        figure : matplotlib Figure
            Figure of pyplot, with at most 2000 samples of each table.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        check_parameter("n_columns", n_columns, (Interval(int, 0),))
        check_parameter("n_pairs", n_pairs, (Interval(int, 0),))
        tables = {name: rows for name, rows in self._tables.items() if name not in (REAL_TRAIN, SMOTE)}
        return draw_evaluation(self.table, tables, n_columns, n_pairs)

    def to_html(self, path: str | PathLike) -> None:
        """Write a report for people to read in a browser: one file that links to nothing outside.

        It holds the metrics with what they mean, each column and how pairs of columns depend on each other, real
        beside synthetic (of at most 2000 samples of each table), exact copies and distances to the closest training
        sample.

        Parameters
        ----------
        path : str or path-like
            File to write.
        """
        made = [name for name in self._tables if name not in ("real test", REAL_TRAIN, SMOTE)]
        page = report_page(self.table, self.notes, self._tables, made, self._distances)
        Path(path).write_text(page, encoding="utf-8")


def _thinned(rows, rng):
    if len(rows) <= ROWS_IN_PICTURES:
        return rows
    return rows.take(rng.choice(len(rows), ROWS_IN_PICTURES, replace=False))
