"""AdaBoost's algorithms against the formulas of their papers, with learners that are made up."""

import numpy as np
import pytest

from skensemble.ensemble.adaboost._adaboost_algorithms import ALGORITHMS, Rows
from skensemble.ensemble.losses._weighted_statistics import NO_WEIGHT

N = 400


@pytest.fixture(params=[2, 4], ids=["two classes", "four classes"])
def codes(request):
    return np.random.default_rng(0).integers(0, request.param, N)


def _noisy_labels(codes, rng):
    return np.where(rng.random(N) < 0.7, codes, rng.integers(0, codes.max() + 1, N))


def _as_learners(task, codes, rng):
    """`fit` of learners that know something: means of the target, by weight, in cells that tell of the class."""

    def fit(seed, weights, y=None):
        cell = _noisy_labels(codes, rng)
        if task == "labels":
            return None, cell
        target = np.eye(codes.max() + 1)[codes] if y is None else y[:, None]
        sums = np.array([weights.share[cell == c] @ target[cell == c] for c in range(codes.max() + 1)])
        totals = np.array([weights.share[cell == c].sum() for c in range(codes.max() + 1)])
        means = sums / totals[:, None]
        return None, means[cell] if y is None else means[cell, 0]

    return fit


def _run(name, codes, n_rounds=15, learning_rate=1.0):
    """(algorithm, rows, mean loss after each round)"""
    algorithm = ALGORITHMS[name](codes.max() + 1, learning_rate, 1.0 / N)
    rows, raw = Rows(codes, NO_WEIGHT, np.ones(N), algorithm.n_columns), np.zeros((N, algorithm.n_columns))
    fit, losses = _as_learners(algorithm.task, codes, np.random.default_rng(1)), []
    losses.append(algorithm.losses(raw, codes).mean())
    for seed in range(n_rounds):
        round_ = algorithm.boost(rows, fit, seed)
        if round_ is None:  # what was drawn is no better than chance
            continue
        for k, outputs in enumerate(round_.outputs):
            raw += algorithm.increments(outputs, round_.weight, k)
        losses.append(algorithm.losses(raw, codes).mean())
    return algorithm, rows, raw, losses


@pytest.mark.parametrize("name", ALGORITHMS)
def test_loss_never_increases(name, codes):
    losses = _run(name, codes)[-1]
    assert np.all(np.diff(losses) <= 1e-12)
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("name", ["samme", "real"])
def test_weights_are_the_losses_of_the_rows(name, codes):
    algorithm, rows, raw, _ = _run(name, codes, 5, learning_rate=0.5)
    losses = algorithm.losses(raw, codes)
    assert np.allclose(rows.weights.share, losses / losses.sum())


def test_weights_of_gentle_boosting_are_the_losses_of_each_problem(codes):
    algorithm, rows, raw, _ = _run("gentle", codes, 5)
    for k, weights in enumerate(algorithm._weights_of_class(rows)):
        of_class = k if algorithm.n_columns > 1 else 1
        losses = np.exp(-0.5 * rows.signs(of_class) * raw[:, k])
        assert np.allclose(weights.share, losses / losses.sum())


@pytest.mark.parametrize("name", ALGORITHMS)
def test_probabilities_add_up_and_rank_as_the_scores(name, codes):
    algorithm, _, raw, _ = _run(name, codes, 4)
    decision = algorithm.normalised(raw, 4.0)
    probabilities = algorithm.probabilities(decision)
    assert probabilities.shape == (N, algorithm.n_classes)
    assert np.allclose(probabilities.sum(axis=1), 1.0)
    best = (raw[:, 0] > 0).astype(int) if algorithm.n_columns == 1 else raw.argmax(axis=1)
    assert np.array_equal(probabilities.argmax(axis=1), best)


@pytest.mark.parametrize("name", ["real", "gentle"])
def test_probabilities_minimise_exponential_loss(name):
    """Where p of the rows are of the second class, the loss is least at the raw prediction whose probability is p."""
    algorithm = ALGORITHMS[name](2, 1.0, 0.0)
    raw = np.linspace(-3, 3, 601)[:, None]
    for p in (0.2, 0.5, 0.9):
        loss = p * algorithm.losses(raw, np.ones(601, int)) + (1 - p) * algorithm.losses(raw, np.zeros(601, int))
        assert algorithm.probabilities(raw)[loss.argmin(), 1] == pytest.approx(p, abs=0.01)


def test_vote_of_samme_is_that_of_the_paper(codes):
    n_classes = codes.max() + 1
    labels = codes.copy()
    labels[:100] = (codes[:100] + 1) % n_classes
    algorithm = ALGORITHMS["samme"](n_classes, 0.5, 0.0)
    rows = Rows(codes, NO_WEIGHT, np.ones(N), algorithm.n_columns)
    round_ = algorithm.boost(rows, lambda seed, weights: (None, labels), 0)
    assert round_.error == 0.25
    assert round_.weight == pytest.approx(0.5 * (np.log(3.0) + np.log(n_classes - 1.0)))
    assert rows.weights.share[0] / rows.weights.share[-1] == pytest.approx(np.exp(round_.weight))


def test_votes_no_better_than_chance_are_refused(codes):
    algorithm = ALGORITHMS["samme"](codes.max() + 1, 1.0, 0.0)
    rows = Rows(codes, NO_WEIGHT, np.ones(N), algorithm.n_columns)
    assert algorithm.boost(rows, lambda seed, weights: (None, (codes + 1) % (codes.max() + 1)), 0) is None


def test_response_of_logit_is_bounded_and_is_the_newton_step(codes):
    response, curvature = ALGORITHMS["logit"]._response(np.array([True, False, True]), np.array([0.5, 0.2, 1e-9]))
    assert np.allclose(response, [2.0, -1.25, 4.0])
    assert np.allclose(curvature, [0.25, 0.16, 0.25])


def test_steps_of_logit_for_two_classes_are_those_for_many():
    """Algorithm 6 of Friedman, Hastie and Tibshirani with two classes is their algorithm 3."""
    two = ALGORITHMS["logit"](2, 1.0, 0.0)
    many = ALGORITHMS["logit"](3, 1.0, 0.0)
    many.n_classes = 2
    step = np.array([0.3, -0.7])
    raw = many.increments(step, 1.0, np.ones(2, int)) + many.increments(-step, 1.0, np.zeros(2, int))
    assert np.allclose(raw[:, 1] - raw[:, 0], two.increments(step, 1.0, 0)[:, 0])
