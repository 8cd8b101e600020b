"""Fits to Spark's frames: a barrier stage starts all ranks at the same time, and sockets of our own carry sums.

Spark hands each task its rows as Arrow batches; the tasks tell each other their addresses at the barrier.  Where one
is lost, Spark starts the stage again as a whole, whose model is the same.
"""

import json
import pickle
import secrets
from functools import partial

from skensemble._warnings import warn_again
from skensemble.distributed._exchange import open_door, says_less
from skensemble.distributed._fit_part import hand_over, run_rank
from skensemble.distributed._ray_fit import block_of

IS_HELD_OUT = "__is_held_out__"  # column that tells validation rows apart


def fit_on_spark(estimator, source, validation, roles, n_ranks, n_threads):
    """Fit to a DataFrame, by as many tasks as there are ranks."""
    from pyspark.sql.functions import lit

    context = source.sparkSession.sparkContext
    n_partitions = source.rdd.getNumPartitions()
    n_ranks = n_ranks or min(n_partitions, context.defaultParallelism)
    names = [*roles.features, *roles.by_argument.values()]
    rows = source.select(*names)
    if validation is not None:
        held_out = validation.select(*names).withColumn(IS_HELD_OUT, lit(True))
        rows = rows.withColumn(IS_HELD_OUT, lit(False)).unionByName(held_out)
    is_shuffled = validation is not None or n_partitions < n_ranks
    rows = rows.repartition(n_ranks) if is_shuffled else rows.coalesce(n_ranks)
    task = partial(_run_task, estimator, validation is not None, roles, n_threads)
    answers = [pickle.loads(row["answer"]) for row in rows.mapInArrow(task, "answer binary", barrier=True).collect()]
    if errors := [answer for answer in answers if isinstance(answer, Exception)]:
        raise min(errors, key=says_less)
    ((attributes, warnings),) = answers
    warn_again(warnings)
    hand_over(attributes, estimator)
    return estimator


def _run_task(estimator, has_validation, roles, n_threads, batches):
    """A task of the stage.  Task 0 yields the fitted attributes; errors are an answer, too, else Spark tries again."""
    import pyarrow as pa

    try:
        answer = _fit_part(estimator, has_validation, roles, n_threads, batches)
    except Exception as error:
        answer = error
    if answer is not None:
        yield pa.RecordBatch.from_pydict({"answer": [pickle.dumps(answer)]})


def _fit_part(estimator, has_validation, roles, n_threads, batches):
    """What `run_rank` returns, for the rows of this task."""
    from pyspark import BarrierTaskContext

    context = BarrierTaskContext.get()
    rank = context.partitionId()
    host = context.getTaskInfos()[rank].address.rsplit(":", 1)[0]
    door = open_door(host)
    said = json.dumps([*door.getsockname()[:2], secrets.token_hex(16)])
    told = [json.loads(text) for text in context.allGather(said)]
    addresses = [(host, port) for host, port, _ in told]
    train, validation = [], []
    for batch in batches:
        frame = batch.to_pandas()
        parts = [frame] if not has_validation else [frame[~frame[IS_HELD_OUT]], frame[frame[IS_HELD_OUT]]]
        for part, blocks in zip(parts, (train, validation)):
            if len(part):
                blocks.append(block_of(part, roles))
    token, names = bytes.fromhex(told[0][2]), [f"{host}:{port}" for host, port in addresses]
    validation = validation if has_validation else None
    return run_rank(estimator, train, validation, door, rank, addresses, token, names, n_threads)
