"""fit: a model and a table on a cluster, whichever engine runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from skensemble._input_kinds import is_dask
from skensemble._parameters import Interval, IsNone, ParameterError, check_parameter
from skensemble.distributed._ray_fit import fit_on_ray
from skensemble.distributed._spark_fit import fit_on_spark

if TYPE_CHECKING:
    from skensemble._types import Any, BaseEstimator, Sequence, Table


class Columns(NamedTuple):
    """Which columns of a table are what: names, or None."""

    target: str
    weight: str | None
    qid: str | None
    features: list

    @property
    def by_argument(self):
        """{argument of `fit`: name of its column} of those that are given."""
        named = {"y": self.target, "sample_weight": self.weight, "qid": self.qid}
        return {argument: name for argument, name in named.items() if name is not None}


def fit(
    model: BaseEstimator,
    source: Table,
    *,
    target: str,
    weight: str | None = None,
    qid: str | None = None,
    columns: Sequence[str] | None = None,
    validation: Table | None = None,
    on: Any = None,
    n_ranks: int | None = None,
    n_threads: int = 1,
) -> BaseEstimator:
    """Fit a model to a table of a cluster: the model of all rows in memory, bit for bit.

    Parameters
    ----------
    model : estimator
        A `NewtonBoosting` estimator or a forest. It is fitted in place, and is a plain estimator afterwards.
    source : ray.data.Dataset, DataFrame of Spark, or DataFrame of Dask
        Rows, with target and weights among their columns.
    target : str
        Column of the target.
    weight : str, default=None
        Column of the sample weights.
    qid : str, default=None
        Column that names the query of each sample, for a ranker.
    columns : list of str, default=None
        Columns of the features. None: all others.
    validation : like source, default=None
        Held-out samples, with the same columns.
    on : ray, SparkSession or Dask's Client, default=None
        The engine: the module `ray`, connected to its cluster; a Spark session; a client of Dask. None: that of the
        source.
    n_ranks : int, default=None
        Number of processes that share the rows, with Ray and Spark. None: with Ray one for each node, with Spark
        one for each partition, and no more than Spark's default parallelism. Dask: one for each worker.
    n_threads : int, default=1
        Threads of each process if `n_jobs` of the model is None, and the CPUs that Ray reserves for it. Spark reserves
        `spark.task.cpus`.

    Returns
    -------
    model : estimator
        The same object, fitted.

    Raises
    ------
    ValueError, TypeError
        If an argument, a parameter or a column is not allowed; the message names it, the rule and the value.

    Examples
    --------
    Without a cluster, a frame of Dask is computed here:

    >>> import dask.dataframe as dd
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import NewtonBoostingClassifier
    >>> from skensemble.distributed import fit
    >>> table = load_iris(as_frame=True).frame
    >>> parts = dd.from_pandas(table, npartitions=3)
    >>> model = fit(NewtonBoostingClassifier(n_estimators=5, random_state=0), parts, target="target")
    >>> model.predict(table.drop(columns="target"))[[0, 50, 100]]
    array([0, 1, 2])
    """
    check_parameter("n_ranks", n_ranks, (IsNone, Interval(int, 1, None)))
    check_parameter("n_threads", n_threads, (Interval(int, 1, None),))
    engine = _engine_of(source, on)
    roles = _columns(source, target, weight, qid, columns)
    if validation is not None and _engine_of(validation, None) != engine:
        raise ParameterError(f"validation must be of the same engine as source, got {type(validation).__name__}.")
    if engine == "dask":
        return _fit_on_dask(model, source, validation, roles, on)
    launch = {"ray": fit_on_ray, "pyspark": fit_on_spark}[engine]
    return launch(model, source, validation, roles, n_ranks, n_threads)


def _engine_of(source, on):
    """ "dask", "ray" or "pyspark": that of the source, which `on` must not contradict."""
    library = type(source).__module__.split(".")[0]
    engine = "dask" if is_dask(source) else library
    if engine not in ("dask", "ray", "pyspark") or not hasattr(source, "columns"):
        raise ParameterError(
            "source must be a ray.data.Dataset, a DataFrame of Spark or one of Dask, got "
            f"{type(source).__name__}: a model takes what is in memory, and Batches, by its own fit."
        )
    of_on = {"distributed": "dask"}.get(_library_of(on), _library_of(on))
    if on is not None and of_on != engine:
        raise ParameterError(f"on must be the engine of source, {engine}, or None, got {on!r}.")
    return engine


def _library_of(on):
    """The library that a module, or an object, is of."""
    return getattr(on, "__name__", type(on).__module__).split(".")[0]


def _columns(source, target, weight, qid, features):
    known = source.columns() if callable(source.columns) else list(source.columns)
    taken = [name for name in (target, weight, qid) if name is not None]
    features = [name for name in known if name not in taken] if features is None else list(features)
    for name in (*taken, *features):
        if name not in known:
            raise ValueError(f"source must have the column {name!r}, got {known}.")
    return Columns(target, weight, qid, features)


def _fit_on_dask(model, source, validation, roles, client):
    given = {argument: source[name] for argument, name in roles.by_argument.items()}
    if validation is not None:
        given |= {"X_val": validation[roles.features]}
        given |= {f"{argument}_val": validation[name] for argument, name in roles.by_argument.items()}
    if client is None:
        return model.fit(source[roles.features], **given)
    with client.as_current():
        return model.fit(source[roles.features], **given)
