"""Spark's frames train the model of their rows in memory, bit for bit."""

import sys

import numpy as np
import pytest

from skensemble import NewtonBoostingClassifier, RandomForestClassifier
from skensemble.distributed import fit
from tests.distributed.test_part_source import CLASS, WEIGHTS, X, assert_same

TABLE = X.assign(label=np.where(CLASS > 1, "yes", "no"), weight=WEIGHTS["whole"], is_later=np.arange(240) >= 180)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of the engine
def test_the_model_is_that_of_all_rows(monkeypatch):
    sql = pytest.importorskip("pyspark.sql", reason="the package pyspark is not installed")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    session = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        source = session.createDataFrame(TABLE.drop(columns="d"))  # Spark makes nulls of missing numbers: objects here
        columns = ["a", "b", "c"]
        ours = NewtonBoostingClassifier(n_estimators=3, random_state=0)
        fit(
            ours, source, target="label", weight="weight", columns=columns, on=session, n_ranks=2,
            validation=source.where(source.is_later),
        )  # fmt: skip
        later = TABLE[TABLE.is_later]
        theirs = NewtonBoostingClassifier(n_estimators=3, random_state=0)
        theirs.fit(
            X[columns], TABLE.label, TABLE.weight, X_val=later[columns], y_val=later.label,
            sample_weight_val=later.weight,
        )  # fmt: skip
        assert_same(ours, theirs)
        forest = fit(RandomForestClassifier(2, random_state=0), source, target="label", columns=columns, n_ranks=2)
        expected = RandomForestClassifier(2, random_state=0).fit(X[columns], TABLE.label)
        np.testing.assert_array_equal(forest.predict_proba(X[columns]), expected.predict_proba(X[columns]))
        with pytest.raises(ValueError, match="booster must not be 'gblinear' where X is read in batches"):
            fit(NewtonBoostingClassifier(booster="gblinear"), source, target="label", columns=columns, n_ranks=2)
    finally:
        session.stop()
