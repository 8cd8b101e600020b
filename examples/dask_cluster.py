"""
One model from several workers
==============================

Flights in a Dask frame train a booster on two workers; the model is the one of a single process, bit for bit.

The cluster is local here.  A `Client` of any other one is used in the same way; the model that comes back knows nothing
of Dask.
"""

from pathlib import Path

import dask.dataframe as dd
import pandas as pd
from distributed import Client, LocalCluster

from skensemble import NewtonBoostingClassifier

FLIGHTS = Path(__file__).parent / "data" / "flights.csv.gz"


def main():
    flights = pd.read_csv(FLIGHTS)
    features = [name for name in flights if name != "late"]
    table = dd.from_pandas(flights, npartitions=5)

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster):
        ours = NewtonBoostingClassifier(n_estimators=100, random_state=0).fit(table[features], table["late"])
        probabilities = ours.predict_proba(table[features]).compute().to_numpy()

    alone = NewtonBoostingClassifier(n_estimators=100, random_state=0).fit(flights[features], flights["late"])
    is_equal = probabilities == alone.predict_proba(flights[features])
    print(f"{len(flights)} flights on 2 workers, probabilities equal to the last bit: {is_equal.mean():.0%}")


if __name__ == "__main__":
    main()
