"""Pictures of an evaluation."""

import matplotlib.pyplot as plt
import pytest

from skensemble.generative.evaluation._evaluation import evaluate
from tests.generative.evaluation.comparisons import mixed_table


@pytest.fixture(scope="module")
def evaluation():
    tables = (mixed_table(n, seed) for seed, n in enumerate((60, 30, 60)))
    return evaluate(*tables, metrics=["ks_complement", "exact_copies"], random_state=0)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def _axes(figure):
    return [ax for part in figure.subfigs for ax in part.axes]


def test_metrics_columns_and_pairs_have_axes(evaluation, tmp_path):
    figure = evaluation.plot(n_columns=4, n_pairs=2)
    titles = [ax.get_title() for ax in _axes(figure)]
    assert titles[:2] == ["ks_complement\n(higher)", "exact_copies\n(lower)"]
    assert len(titles) == 2 + 4 + 2
    figure.savefig(tmp_path / "evaluation.png")
    assert (tmp_path / "evaluation.png").stat().st_size > 10_000


def test_bars_of_levels_are_shares(evaluation):
    kind = _axes(evaluation.plot())[2 + 2]
    assert [label.get_text() for label in kind.get_xticklabels()] == ["missing", "large", "small"]
    heights = [[bar.get_height() for bar in bars] for bars in kind.containers]
    assert all(sum(bars) == pytest.approx(1.0) for bars in heights)


def test_metrics_alone(evaluation):
    assert len(_axes(evaluation.plot(n_columns=0, n_pairs=0))) == 2


def test_dollars_begin_no_formula(evaluation):
    texts = [text for ax in _axes(evaluation.plot())[2:] for text in (ax.title, ax.xaxis.label) if text.get_text()]
    assert len(texts) > 2
    assert not any(text.get_parse_math() for text in texts)
