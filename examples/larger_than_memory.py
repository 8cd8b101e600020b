"""
A table that is read in batches
===============================

Flights in Parquet files train a booster, batch by batch; the model is the one of all flights in memory, bit for bit.

Only codes of the cells stay in memory: one byte for each, twice.  The files could be larger than memory; these are
small, so that both ways can be compared.
"""

from pathlib import Path

import pandas as pd

from skensemble import NewtonBoostingClassifier
from skensemble.distributed import Batches

FLIGHTS = Path(__file__).parent / "data" / "flights.csv.gz"


def main():
    flights = pd.read_csv(FLIGHTS)
    middle = len(flights) // 2
    flights[:middle].to_parquet("early.parquet", row_group_size=1000)
    flights[middle:].to_parquet("late.parquet", row_group_size=1000)

    batches = Batches.from_parquet("*.parquet", target="late")
    from_files = NewtonBoostingClassifier(n_estimators=100, random_state=0).fit(batches)

    X, y = flights.drop(columns="late"), flights["late"]
    from_memory = NewtonBoostingClassifier(n_estimators=100, random_state=0).fit(X, y)
    is_equal = from_files.predict_proba(batches) == from_memory.predict_proba(X)
    print(f"{len(flights)} flights, probabilities equal to the last bit: {is_equal.mean():.0%}")


if __name__ == "__main__":
    main()
