"""
Which flights of a day will be late?
====================================

A ranker puts them into order, and somebody looks at the first ten.

Every month and weekday is a query: its flights are to be compared with each other, not with those of another day.  The
ranker learns from days of ten months and ranks the flights of the other two.  A classifier is a strong rival here: a
flight is late or not, and days are much alike.  Rankers come into their own with degrees of relevance, and where rows
of different queries do not compare.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from skensemble import NewtonBoostingClassifier, NewtonBoostingRanker

FLIGHTS = Path(__file__).parent / "data" / "flights.csv.gz"
MONTHS_HELD_OUT = [6, 11]
TOP = 10


def main():
    flights = pd.read_csv(FLIGHTS)
    late = (flights["late"] == "late").astype(int)
    day = flights["month"].astype(str) + " " + flights["weekday"]
    X = flights.drop(columns=["late", "month"])
    unseen = flights["month"].isin(MONTHS_HELD_OUT)

    ranker = NewtonBoostingRanker(n_estimators=100, random_state=0)
    ranker.fit(X[~unseen], late[~unseen], qid=day[~unseen])
    classifier = NewtonBoostingClassifier(n_estimators=100, random_state=0).fit(X[~unseen], late[~unseen])
    scores = {
        "ranker": ranker.predict(X[unseen]),
        "classifier": classifier.predict_proba(X[unseen])[:, 1],
        "later departures first": X.loc[unseen, "departure"].to_numpy(),
    }
    print(f"{unseen.sum()} flights of {day[unseen].nunique()} days, {late[unseen].mean():.0%} late.")
    print(f"Late among the first {TOP} of a day:")
    for name, score in scores.items():
        print(f"  {name:<23} {late_at_top(late[unseen].to_numpy(), score, day[unseen].to_numpy()):.0%}")
    print(f"NDCG of the ranker: {ranker.score(X[unseen], late[unseen], qid=day[unseen]):.3f}")


def late_at_top(late, score, day):
    """Share of late flights among the `TOP` with the best scores, mean over the days."""
    shares = [late[day == name][np.argsort(-score[day == name])[:TOP]].mean() for name in np.unique(day)]
    return np.mean(shares)


if __name__ == "__main__":
    main()
