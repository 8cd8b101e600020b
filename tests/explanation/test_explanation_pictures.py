"""Pictures show what an explanation holds."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from skensemble.inspection import Explanation


@pytest.fixture
def explanation():
    rng = np.random.default_rng(0)
    data = np.empty((30, 3), object)
    data[:, 0], data[:, 1], data[:, 2] = rng.normal(size=30), rng.choice(["a", "b"], 30), rng.normal(size=30)
    data[3, 0] = np.nan
    values = rng.normal(size=(30, 3, 2)) * np.array([1, 5, 2])[None, :, None]
    yield Explanation(values, np.tile([1.0, 2.0], (30, 1)), data, ["x", "kind", "z"], ["no", "yes"])
    plt.close("all")


def _labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_features_stand_in_the_order_of_their_values(explanation):
    for draw in (explanation.beeswarm, explanation.bar):
        assert _labels(draw(output=1)) == ["x", "z", "kind"]
        assert _labels(draw(max_display=1)) == ["kind"]


def test_colours_are_ranks_of_numbers(explanation):
    x, z, kind = explanation.beeswarm(output=1).collections
    assert np.ma.getmaskarray(kind.get_array()).all()
    ranks, numbers = x.get_array().filled(np.nan), explanation.data[:, 0].astype(float)
    assert np.isnan(ranks[3])
    assert ranks[np.nanargmin(numbers)] == 0
    assert ranks[np.nanargmax(numbers)] == 1
    assert [label.get_text() for label in z.figure.axes[1].get_yticklabels()] == ["lowest", "highest"]


def test_bars_are_mean_absolute_values(explanation):
    widths = [bar.get_width() for bar in explanation.bar(output=1).patches]
    np.testing.assert_allclose(widths, np.sort(np.abs(explanation.values[:, :, 1]).mean(axis=0)))


def test_pairs_are_drawn_beside_features():
    matrix = np.array([[1.0, 0.5, 0], [0.5, -2, 3], [0, 3, 4]])
    pairs = Explanation(np.tile(matrix, (2, 1, 1)), np.ones(2), np.zeros((2, 3)), ["x", "kind", "z"])
    assert pairs.has_interactions
    assert _labels(pairs.bar()) == ["x with z", "x", "x with kind", "kind", "z", "kind with z"]
    assert _labels(pairs.waterfall(1, max_display=3)) == ["3 others", "kind = 0", "z = 0", "kind with z"]
    last = pairs.waterfall(1).patches[-1]
    np.testing.assert_allclose(last.get_x() + last.get_width(), 1 + matrix.sum())
    assert len(pairs.beeswarm(max_display=2).collections) == 2
    assert len(pairs.beeswarm(max_display=1).figure.axes) == 1  # no scale of colours where there are none
    (points,) = pairs.dependence("kind").collections
    np.testing.assert_allclose(points.get_offsets(), [[0, -2], [0, -2]])
    matrices = pairs.to_frame()
    assert matrices.loc[(1, "kind"), "z"] == 3


@pytest.mark.parametrize("max_display", [1, 2, 10])
def test_a_waterfall_leads_from_the_base_value_to_the_prediction(explanation, max_display):
    bars = explanation.waterfall(4, output=1, max_display=max_display).patches
    assert len(bars) == min(max_display + 1, 3)
    np.testing.assert_allclose(bars[0].get_x(), 2.0)
    np.testing.assert_allclose(bars[-1].get_x() + bars[-1].get_width(), 2.0 + explanation.values[4, :, 1].sum())


def test_dependence_leaves_missing_cells_out(explanation):
    (points,) = explanation.dependence("x").collections
    is_there = np.arange(30) != 3
    np.testing.assert_allclose(
        points.get_offsets(), np.c_[explanation.data[:, 0], explanation.values[:, 0, 0]][is_there].astype(float)
    )
    _, ax = plt.subplots()
    assert explanation.dependence(1, ax=ax) is ax


def test_dependence_of_a_category_names_its_levels(explanation):
    ax = explanation.dependence("kind")
    assert sorted(label.get_text() for label in ax.get_xticklabels()) == ["a", "b"]


def test_dollars_begin_no_formula(explanation):
    explanation.feature_names[:] = ["$1_{", "cost ($) of $^", "z"]
    explanation.data[:, 1] = "$\\frac$"
    for ax in (explanation.waterfall(), explanation.beeswarm(), explanation.bar(), explanation.dependence(1)):
        ax.figure.draw_without_rendering()
        assert not any(label.get_parse_math() for label in ax.get_yticklabels() if "$" in label.get_text())


def test_what_cannot_be_drawn_says_so(explanation):
    cases = (
        (explanation.bar, {"output": 2}, "output must be"),
        (explanation.bar, {"max_display": 0}, "max_display must be"),
        (explanation.waterfall, {"row": 30}, "row must be"),
        (explanation.dependence, {"feature": "w"}, "feature must be one of"),
        (explanation.dependence, {"feature": 3}, "feature must be"),
    )
    for draw, options, message in cases:
        with pytest.raises(ValueError, match=message):
            draw(**options)
