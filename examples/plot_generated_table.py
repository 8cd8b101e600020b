"""
Rows that were never observed
=============================

Rows that were never observed: a generator of a real table, its marginals, and the cells that it fills in.

Flights from New York City in 2013: text, whole numbers, decimals and missing cells.  One model draws new flights.
Another one, a small network that was shown parts of rows, draws flights of a given airline and airport, and fills in
missing cells.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from skensemble import FlowMatching
from skensemble.generative import MLPField

DATA = Path(sys.argv[0]).parent / "data" / "flights.csv.gz"
PICTURE = Path("generated_table.png")
COLUMNS = ["departure", "carrier", "origin", "distance", "seats", "temp", "visib", "late"]
HIDDEN = "distance"
NETWORK = MLPField(hidden_layer_sizes=(128, 128), max_steps=800, learning_rate=3e-3, averaging=0.99)


def main():
    flights = pd.read_csv(DATA)[COLUMNS]
    train, test = train_test_split(flights, train_size=2000, test_size=2000, random_state=0)

    generated = FlowMatching(random_state=0).fit(train).sample(len(test), random_state=1)
    print(generated.head(), end="\n\n")
    print("Dtypes as in the table:", (generated.dtypes == train.dtypes).all())
    print("Largest differences between the distributions of a column (0 to 1), to 2000 other real flights:")
    print(pd.DataFrame({"generated": differences(generated, test), "training": differences(train, test)}).round(3))

    model = FlowMatching(regressor=NETWORK, mask_share=0.5, random_state=0).fit(train)
    from_newark = model.sample(1000, condition={"origin": "EWR", "carrier": "UA"}, random_state=2)
    real = train.query("origin == 'EWR' and carrier == 'UA'")
    print("\nMean distance of United's flights from Newark:", end=" ")
    print(f"{from_newark['distance'].mean():.0f} miles generated, {real['distance'].mean():.0f} real")

    fill_in(model, test)
    draw(train, generated)


def differences(one, other):
    """For each column: Kolmogorov-Smirnov distance of numbers, total variation distance of text."""
    return pd.Series({name: difference(one[name], other[name]) for name in COLUMNS})


def difference(one, other):
    if not pd.api.types.is_numeric_dtype(one):
        shares = pd.concat([one.value_counts(normalize=True), other.value_counts(normalize=True)], axis=1).fillna(0.0)
        return 0.5 * shares.diff(axis=1).iloc[:, 1].abs().sum()
    one, other = np.sort(one.dropna()), np.sort(other.dropna())
    both = np.concatenate([one, other])
    shares = [np.searchsorted(values, both, side="right") / len(values) for values in (one, other)]
    return np.abs(shares[0] - shares[1]).max()


def fill_in(model, test):
    """Hide a column and fill it in, several times."""
    holes = test.assign(**{HIDDEN: np.nan})
    draws = np.stack([table[HIDDEN] for table in model.impute(holes, n_imputations=10, random_state=3)])
    truth = test[HIDDEN].to_numpy()
    print(f"\nMean error of the hidden column {HIDDEN!r}:")
    print(f"  mean of 10 imputations {np.abs(draws.mean(axis=0) - truth).mean():.0f} miles,", end=" ")
    print(f"mean of the column {np.abs(truth.mean() - truth).mean():.0f} miles")
    inside = (draws.min(axis=0) <= truth) & (truth <= draws.max(axis=0))
    print(f"  {inside.mean():.0%} lie between the smallest and the largest imputation; 9 in 11 would be honest")


def draw(train, generated):
    figure, panels = plt.subplots(2, 4, figsize=(12, 5.2), layout="constrained")
    for axes, name in zip(panels.flat, COLUMNS):
        compare(axes, train[name], generated[name])
        axes.set_title(name, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    panels.flat[0].legend(frameon=False, fontsize=8)
    figure.savefig(PICTURE, dpi=120)
    print("\nSaved", PICTURE)


def compare(axes, real, generated):
    """One column of both tables: histograms of numbers, bars of text."""
    if pd.api.types.is_numeric_dtype(real):
        edges = np.histogram_bin_edges(real.dropna(), 30)
        axes.hist(real.dropna(), edges, density=True, color="0.8", label="real")
        axes.hist(generated.dropna(), edges, density=True, histtype="step", color="tab:blue", label="generated")
        return
    shares = real.value_counts(normalize=True)
    places = np.arange(len(shares))
    axes.bar(places, shares, color="0.8", label="real")
    generated_shares = generated.value_counts(normalize=True).reindex(shares.index).fillna(0.0)
    axes.plot(places, generated_shares, "_", color="tab:blue", markersize=10, markeredgewidth=2, label="generated")
    axes.set_xticks(places, shares.index, rotation=90 if len(shares) > 4 else 0, fontsize=8)


if __name__ == "__main__":
    main()
