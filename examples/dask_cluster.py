"""
One model from several workers
==============================

Flights in a Dask frame train a booster and a forest on two workers; both are those of a single process, bit for bit.

The cluster is local here.  A `Client` of any other one is used in the same way; the models that come back know nothing
of Dask.  `fit` of an estimator takes collections of features and of the target; `skensemble.distributed.fit` names the
target's column, and takes datasets of Ray and frames of Spark, too.
"""

from pathlib import Path

import dask.dataframe as dd
import pandas as pd
from distributed import Client, LocalCluster

from skensemble import NewtonBoostingClassifier, RandomForestClassifier
from skensemble.distributed import fit

FLIGHTS = Path(__file__).parent / "data" / "flights.csv.gz"


def main():
    flights = pd.read_csv(FLIGHTS)
    features = [name for name in flights if name != "late"]
    table = dd.from_pandas(flights, npartitions=5)
    booster = NewtonBoostingClassifier(n_estimators=100, random_state=0)
    forest = RandomForestClassifier(n_estimators=60, min_samples_leaf=3, oob_score=True, random_state=0)

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster) as client:
        booster.fit(table[features], table["late"])  # workers share the rows
        fit(forest, table, target="late", on=client)  # workers share the trees
        probabilities = booster.predict_proba(table[features]).compute().to_numpy()

    alone = NewtonBoostingClassifier(n_estimators=100, random_state=0).fit(flights[features], flights["late"])
    is_equal = probabilities == alone.predict_proba(flights[features])
    print(f"{len(flights)} flights on 2 workers, probabilities equal to the last bit: {is_equal.mean():.0%}")
    print(f"out-of-bag accuracy of the forest: {forest.oob_score_:.1%}")


if __name__ == "__main__":
    main()
