"""A user's script, written with types: mypy and pyright look at it in strict and basic mode (tests/test_types.py).

It runs, too, but takes a while; what it does is on the pages of the guide.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

import skensemble
from skensemble import (
    AutoregressiveForest,
    DensityOutlierDetector,
    ExtraTreesClassifier,
    FlowMatching,
    NeuralSplineFlow,
    NewtonBoostingClassifier,
    NewtonBoostingRanker,
    NewtonBoostingRegressor,
    RandomForestRegressor,
    accumulated_effects,
    compile_predictor,
    explain,
    export_text,
    load_model,
    save_model,
    trees_to_dataframe,
)
from skensemble.generative import MLPField, TreeField, evaluate


def table(n_rows: int, seed: int) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Homes, their prices, and whether they were sold."""
    rng = np.random.default_rng(seed)
    homes = pd.DataFrame(
        {
            "size": rng.uniform(20, 200, n_rows),
            "rooms": rng.integers(1, 7, n_rows),
            "district": rng.choice(["north", "east", "south"], n_rows),
        }
    )
    price = pd.Series(3 * homes["size"] + rng.normal(scale=20, size=n_rows), name="price")
    return homes, price, price > 330


def boost(homes: pd.DataFrame, price: pd.Series, sold: pd.Series) -> dict[str, float]:
    classifier = NewtonBoostingClassifier(n_estimators=20, learning_rate=0.1, random_state=0)
    classifier.fit(homes, sold, sample_weight=np.ones(len(homes)))
    probabilities: np.ndarray = classifier.predict_proba(homes)
    regressor = NewtonBoostingRegressor(
        n_estimators=200,
        loss="quantile",
        quantile=[0.1, 0.9],
        monotonic_cst={"size": 1},
        early_stopping=True,
    ).fit(homes, price, X_val=homes, y_val=price)
    low, high = regressor.predict(homes).T
    ranker = NewtonBoostingRanker(n_estimators=5).fit(homes, sold.astype(int), qid=np.arange(len(homes)) // 10)
    search = GridSearchCV(classifier, {"max_depth": [2, 4]}, cv=2).fit(homes, sold)
    return {
        "probability": float(probabilities[:, 1].mean()),
        "width": float((high - low).mean()),
        "rank": float(ranker.predict(homes).mean()),
        "search": float(search.best_score_),
        "pipeline": float(cross_val_score(make_pipeline(classifier), homes, sold, cv=2).mean()),
    }


def grow(homes: pd.DataFrame, price: pd.Series, sold: pd.Series) -> str:
    forest = RandomForestRegressor(10, oob_score=True, keep_leaf_rows=True, random_state=0).fit(homes, price)
    interval: np.ndarray = forest.predict_interval(homes, coverage=0.9)
    assert interval.shape[1] == 2
    trees: pd.DataFrame = trees_to_dataframe(forest)
    first = ExtraTreesClassifier(5, max_depth=2).fit(homes, sold).estimators_[0]
    return f"{forest.oob_score_:.2f} {len(trees)} {export_text(first)}"


def ship(model: BaseEstimator, homes: pd.DataFrame, path: Path) -> BaseEstimator:
    save_model(model, path)
    again: BaseEstimator = load_model(path)
    predict_row = compile_predictor(again)
    print(predict_row(homes.iloc[0].to_numpy(dtype=float)))
    print(explain(model, homes.head()).values.shape)
    print(accumulated_effects(model, homes, "size"))
    return again


def generate(homes: pd.DataFrame) -> pd.DataFrame:
    flow = FlowMatching(regressor=TreeField(n_estimators=20), random_state=0).fit(homes)
    network = FlowMatching(regressor=MLPField(max_steps=50), mask_share=0.5, random_state=0).fit(homes)
    drawn: pd.DataFrame = flow.sample(100, random_state=1)
    given: pd.DataFrame = network.sample(3, condition={"district": "south"})
    chains = AutoregressiveForest(2, random_state=0).fit(homes)
    likely: np.ndarray = chains.score_samples(given)
    density = NeuralSplineFlow(max_epochs=2, random_state=0)
    outliers = DensityOutlierDetector(density, contamination=0.01).fit(homes[["size", "rooms"]])
    print(likely, outliers.predict(homes[["size", "rooms"]]), evaluate(homes, homes, drawn, random_state=0))
    return drawn


def main() -> None:
    print(skensemble.__version__)
    homes, price, sold = table(500, seed=0)
    print(boost(homes, price, sold), grow(homes, price, sold))
    numbers = homes[["size", "rooms"]]
    model = NewtonBoostingRegressor(n_estimators=10, random_state=0).fit(numbers, price)
    ship(model, pd.DataFrame(numbers), Path("model.safetensors"))
    generate(homes)


if __name__ == "__main__":
    main()
