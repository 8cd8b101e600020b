"""Ray's datasets train the model of their rows in memory, bit for bit."""

import os
from pathlib import Path

import numpy as np
import pytest

from skensemble import NewtonBoostingClassifier
from skensemble.distributed import fit
from tests.distributed.test_part_source import CLASS, WEIGHTS, X, assert_same

TABLE = X.assign(label=np.where(CLASS > 1, "yes", "no"), weight=WEIGHTS["whole"])
ROOT = str(Path(__file__).parents[2])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of the engine
def test_the_model_is_that_of_all_rows():
    ray = pytest.importorskip("ray", reason="the package ray is not installed")
    path = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))
    with pytest.raises(ValueError, match="source must be a ray.data.Dataset.* got DataFrame"):
        fit(NewtonBoostingClassifier(), TABLE, target="label")
    ray.init(num_cpus=2, include_dashboard=False, runtime_env={"env_vars": {"PYTHONPATH": path}})
    try:
        source = ray.data.from_pandas([TABLE[:100], TABLE[100:100], TABLE[100:130], TABLE[130:]])
        ours = NewtonBoostingClassifier(n_estimators=3, random_state=0)
        held_out = ray.data.from_pandas([TABLE[:60]])
        assert fit(ours, source, target="label", weight="weight", validation=held_out, on=ray, n_ranks=2) is ours
        theirs = NewtonBoostingClassifier(n_estimators=3, random_state=0)
        validation = {"X_val": X[:60], "y_val": TABLE.label[:60], "sample_weight_val": TABLE.weight[:60]}
        assert_same(ours, theirs.fit(X, TABLE.label, TABLE.weight, **validation))
        with pytest.raises(ValueError, match="booster must not be 'gblinear' where X is read in batches"):
            fit(NewtonBoostingClassifier(booster="gblinear"), source, target="label", n_ranks=2)
        with pytest.raises(ValueError, match="source must have the column 'nothing'"):
            fit(ours, source, target="nothing")
        with pytest.raises(ValueError, match="on must be the engine of source, ray, or None, got 'spark'"):
            fit(ours, source, target="label", on="spark")
    finally:
        ray.shutdown()
