"""evaluate: how good and how private a synthetic table is."""

from html import escape

import numpy as np
import pandas as pd

from skensemble._parallel import effective_n_jobs
from skensemble._parameters import N_JOBS, RANDOM_STATE, Interval, IsNone, Matches, OneOf, SequenceOf, check_parameter
from skensemble._random import draw_seed, generator
from skensemble.generative.evaluation._compared_tables import read_tables
from skensemble.generative.evaluation._comparison import Comparison
from skensemble.generative.evaluation._metrics import METRICS
from skensemble.generative.evaluation._pictures import draw_evaluation
from skensemble.generative.evaluation._smote import smote

REAL_TRAIN, SMOTE = "real train", "SMOTE"
ROWS_IN_PICTURES = 2000
PARAMETERS = {
    "metrics": (
        IsNone,
        SequenceOf(OneOf(*(metric.name for metric in METRICS)), f"a list of {[metric.name for metric in METRICS]}"),
    ),
    "max_transport_rows": (Interval(int, 1),),
    "random_state": (*RANDOM_STATE, Matches(lambda value: isinstance(value, np.random.Generator), "a numpy Generator")),
    "n_jobs": N_JOBS,
}


def evaluate(
    real_train,
    real_test,
    synthetic,
    *,
    target=None,
    categorical_features="from_dtype",
    metrics=None,
    max_transport_rows=2000,
    random_state=None,
    n_jobs=None,
):
    """How good and how private a synthetic table is.

    The sample is compared with real rows that its generator has not seen. Two columns stand beside it always: "real
    train", the training rows themselves, which are as good as a sample can be and not private at all, and "SMOTE",
    points between neighbouring training rows, which is good and cheap and keeps close to them.

    Cells of numbers are scaled so that the training rows lie on [0, 1]. The distance of two rows is the sum of the
    differences of their numbers, and 1 for each category that differs. Missing cells are a level of categories; a
    missing number is at a distance between 1/2 and 1 from all others.

    Parameters
    ----------
    real_train : frame of pandas or polars, pyarrow table, or array-like of shape (n_train, n_columns)
        The rows that the generator was fitted to.
    real_test : table of shape (n_test, n_columns)
        Rows held out from it.
    synthetic : table of shape (n_synthetic, n_columns), or dict of str -> table
        What was sampled, of one generator or of several.
    target : str or int, default=None
        Name or position of the column that models are to predict for "utility"; its levels are the classes of SMOTE.
        None: without "utility".
    categorical_features : "from_dtype", None or array-like of names or positions or a mask, default="from_dtype"
        Columns of numbers or dates to be taken as categories. Strings, booleans and pandas' categories are categories
        in any case, so "from_dtype" and None mean the same.
    metrics : list of str, default=None
        Names of the metrics to compute, see Notes. None: all.
    max_transport_rows : int, default=2000
        Rows at most of each table that enter the exact transport ("wasserstein"), drawn at random where there are
        more. Its time grows with a power between the second and the third.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of SMOTE, of directions, folds, models and draws of rows.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. The values are the same for any number.

    Returns
    -------
    evaluation : Evaluation
        With `table`, a DataFrame of one row for each metric, and `plot()`.

    Raises
    ------
    ValueError
        For a table without rows, with other columns, infinite cells or a column without a training value, and for an
        unknown target or metric.
    TypeError
        For a column that holds neither numbers, strings, dates nor categories.

    Notes
    -----
    ======================  ========  ================================================================================
    metric                  better    what it is
    ======================  ========  ================================================================================
    ks_complement           higher    1 - Kolmogorov-Smirnov distance, mean over columns of numbers
    tv_complement           higher    1 - total variation distance, mean over columns of categories
    wasserstein_1d          lower     W1, mean over columns of numbers
    correlation_similarity  higher    1 - |r - r'| / 2, mean over pairs of numbers
    contingency_similarity  higher    1 - total variation distance, mean over other pairs; numbers in 10 bins
    sliced_wasserstein      lower     mean W1 of 100 random projections of the rows
    wasserstein             lower     W1 of the rows (optimal transport with the distance above)
    coverage                higher    share of test rows with a synthetic row in the ball to their k-th neighbour; k
                                      so that training rows cover 95 % of them (Naeem et al. [1]_)
    c2st_auc                near 0.5  area under the ROC curve of boosted trees that tell synthetic from test rows [2]_
    utility                 higher    macro F1 or R2 on test rows of boosted trees trained on synthetic rows
    closer_to_train         near 0.5  share of rows closer to a training row than to a test row, corrected for their
                                      numbers; 1 for a generator that repeats what it has seen
    nn_distance_ratio       higher    distance to the nearest training row / to the second nearest, mean over rows
    exact_copies            lower     share of rows that equal a training row
    ======================  ========  ================================================================================

    A metric that means nothing for a table (no numbers, no target, a single test row) is NaN. Compare samples of
    the same size: distances and coverage improve with the number of rows.

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
    given |= {"random_state": random_state, "n_jobs": n_jobs}
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
    chosen = [metric for metric in METRICS if metrics is None or metric.name in list(metrics)]
    values = _measured(comparison, samples, chosen, draw_seed(rng))
    return Evaluation(values, _notes(comparison, samples, chosen), {"real test": test} | samples, rng)


def _named_samples(synthetic):
    """dict of tables, with names that tell in messages what they are."""
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


def _measured(comparison, samples, metrics, seed):
    """DataFrame of metrics: each gives all samples the same random numbers, so that their values can be compared."""
    values = {"better": [metric.better for metric in metrics]}
    for name, sample in samples.items():
        values[name] = [
            metric.function(comparison, sample, np.random.default_rng([seed, METRICS.index(metric)]))
            for metric in metrics
        ]
    return pd.DataFrame(values, index=pd.Index([metric.name for metric in metrics], name="metric"))


def _notes(comparison, samples, metrics):
    """What the metrics say about their values, each sentence once."""
    notes = [metric.note(comparison, samples) for metric in metrics]
    return list(dict.fromkeys(note for note in notes if note is not None))


class Evaluation:
    """What `evaluate` found.

    Attributes
    ----------
    table : DataFrame
        A row for each metric. Column "better" says which values are good ("higher", "lower", "near 0.5"); then a column
        for each sample, and "real train" and "SMOTE".
    notes : list of str
        What was computed from a part of the rows, and in which units.
    """

    def __init__(self, table, notes, tables, rng):
        self.table, self.notes = table, notes
        self._tables = {name: _thinned(rows, rng) for name, rows in tables.items()}

    def __repr__(self):
        return "\n".join([self.table.to_string(na_rep="-", float_format="%.4f"), *self.notes])

    def _repr_html_(self):
        items = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return self.table.to_html(na_rep="-", float_format="%.4f".__mod__) + f"<ul>{items}</ul>"

    def plot(self, *, n_columns=6, n_pairs=3):
        """Draw the metrics as bars, then columns and pairs of columns of the samples and of the test rows.

        Parameters
        ----------
        n_columns : int, default=6
            Columns at most to draw: numbers by their distribution functions, categories by the shares of their levels.
        n_pairs : int, default=3
            Pairs of columns of numbers at most to draw.

        Returns
        -------
        figure : matplotlib Figure
            Of pyplot, with at most 2000 rows of each table.

        Raises
        ------
        ImportError
            Without matplotlib.
        """
        check_parameter("n_columns", n_columns, (Interval(int, 0),))
        check_parameter("n_pairs", n_pairs, (Interval(int, 0),))
        tables = {name: rows for name, rows in self._tables.items() if name not in (REAL_TRAIN, SMOTE)}
        return draw_evaluation(self.table, tables, n_columns, n_pairs)


def _thinned(rows, rng):
    if len(rows) <= ROWS_IN_PICTURES:
        return rows
    return rows.take(rng.choice(len(rows), ROWS_IN_PICTURES, replace=False))
