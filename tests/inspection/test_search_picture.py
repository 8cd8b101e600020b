"""The picture of a search."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skensemble import NewtonBoostingRegressor
from skensemble.inspection import plot_search

RESULTS = {
    "params": [
        {"grow_policy": "symmetric", "linear_leaves": False},
        {"grow_policy": "symmetric", "linear_leaves": True, "subsample": 1.0},
        {"grow_policy": "lossguide", "linear_leaves": False, "max_depth": None, "max_leaf_nodes": 63},
    ],
    "curves": [np.array([-3.0, -1.0, -2.0]), np.array([-3.0, -2.0]), np.array([-3.0])],
    "split_test_scores": [np.array([-1.0, -1.0]), np.array([-2.0]), np.array([-3.0])],
    "n_rounds": np.array([1, 1, 0]),
    "learning_rate": 0.15,
    "best_index": 0,
}


def _model(scoring):
    model = NewtonBoostingRegressor(scoring=scoring)
    model.cv_results_ = RESULTS
    return model


@pytest.mark.parametrize(("scoring", "sign"), [("loss", -1), ("r2", 1)])
def test_curves_are_those_of_the_candidates(scoring, sign):
    ax = plot_search(_model(scoring))
    *curves, dot = ax.lines
    for line, curve in zip(curves, RESULTS["curves"], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), sign * curve)
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (1, -sign)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "symmetric", "symmetric, linear leaves, all samples (one fold)", "lossguide, leaves 63 (one fold)",
        "chosen: 1 rounds",
    ]  # fmt: skip
    assert plot_search(_model(scoring), ax=ax) is ax
    plt.close("all")


def test_a_model_without_a_search_is_refused():
    with pytest.raises(ValueError, match="model must be a booster whose fit chose the number of rounds"):
        plot_search(NewtonBoostingRegressor())
