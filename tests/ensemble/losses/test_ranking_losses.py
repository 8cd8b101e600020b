"""Forces between the rows of a query, and measures of rankings, against slow plain versions."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from skensemble.ensemble.losses._losses import LOSSES, offered_losses
from skensemble.ensemble.losses._ranking_kernels import integral, moment
from skensemble.ensemble.losses._ranking_losses import (
    LARGEST_RELEVANCE,
    Queries,
    RankingMeasure,
    _discounts,
)

every_loss = pytest.mark.parametrize("name", offered_losses("newton", "relevance"))


# -- plain versions --------------------------------------------------------------------------------------------------


def _orders(score):
    """All orders of the rows, best score first."""
    n = len(score)
    return [p for p in itertools.permutations(range(n)) if all(score[a] >= score[b] for a, b in itertools.pairwise(p))]


def _discounted(relevance, order):
    return sum((2.0 ** relevance[row] - 1.0) / np.log2(place + 2.0) for place, row in enumerate(order))


def _swapped(order, i, j):
    return [{i: j, j: i}.get(row, row) for row in order]


def _cost_ndcg(relevance, score, i, j, truncation):
    """Mean over all orders of what swapping i and j changes."""
    best = sorted(range(len(score)), key=lambda row: -relevance[row])
    ideal = _discounted(relevance, best[:truncation])
    changes = [
        abs(_discounted(relevance, order) - _discounted(relevance, _swapped(order, i, j)))
        * (min(order.index(i), order.index(j)) < truncation)
        for order in _orders(score)
    ]
    return np.mean(changes) / ideal


def _cost_pairwise(relevance, score, i, j, truncation):
    assert truncation >= len(score)
    return 1.0


def _cost_map(relevance, score, i, j, truncation):
    assert truncation >= len(score)
    swapped = score.copy()
    swapped[[i, j]] = score[[j, i]]
    is_relevant = relevance > 0
    return abs(average_precision_score(is_relevant, score) - average_precision_score(is_relevant, swapped))


COSTS = {"rank:ndcg": _cost_ndcg, "rank:pairwise": _cost_pairwise, "rank:map": _cost_map}


def _plain_forces(name, relevance, score, truncation, is_normalised):
    """(gradient, hessian) of the rows of one query."""
    degree = (relevance > 0).astype(float) if name == "rank:map" else relevance
    force, curvature, total = np.zeros(len(score)), np.zeros(len(score)), 0.0
    for i, j in itertools.permutations(range(len(score)), 2):
        if degree[i] > degree[j]:
            cost = COSTS[name](relevance, score, i, j, truncation)
            if is_normalised and name != "rank:pairwise" and score.max() > score.min():
                cost /= 0.01 + abs(score[i] - score[j])
            chance = 1.0 / (1.0 + np.exp(score[i] - score[j]))
            force[i] -= cost * chance
            force[j] += cost * chance
            curvature[[i, j]] += cost * chance * (1.0 - chance)
            total += 2.0 * cost * chance
    factor = np.log2(1.0 + total) / total if is_normalised and total > 0 else 1.0
    return factor * force, factor * curvature


def _forces(name, relevance, score, queries, truncation=np.inf, is_normalised=False, n_threads=1):
    loss = LOSSES[name](truncation, is_normalised)
    gradient, hessian = np.empty((2, 1, len(score)), np.float32)
    loss = loss.of_rows(relevance, queries, n_threads)
    loss.gradient_hessian(relevance, score[None], gradient, hessian, 0, len(score))
    return gradient[0], hessian[0]


def _one_query(n):
    return Queries(np.zeros(n, np.int64))


def _several_queries(n=200, n_queries=17, seed=0, digits=1):
    """Relevance, scores with ties, and queries whose rows are strewn over the table."""
    rng = np.random.default_rng(seed)
    code = np.r_[np.arange(n_queries), rng.integers(n_queries, size=n - n_queries)]
    return rng.integers(0, 4, n).astype(float), rng.normal(size=n).round(digits), code


# -- forces ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_normalised", [False, True])
@pytest.mark.parametrize("truncation", [1, 2, 3, 10])
def test_ndcg_forces_are_means_over_the_orders_of_ties(truncation, is_normalised):
    rng = np.random.default_rng(truncation)
    for _ in range(6):
        n = rng.integers(2, 7)
        relevance, score = rng.integers(0, 4, n).astype(float), rng.integers(0, 4, n) / 2.0
        if not relevance.any():
            continue
        expected = _plain_forces("rank:ndcg", relevance, score, truncation, is_normalised)
        forces = _forces("rank:ndcg", relevance, score, _one_query(n), truncation, is_normalised)
        np.testing.assert_allclose(forces, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("is_normalised", [False, True])
@pytest.mark.parametrize("name", ["rank:pairwise", "rank:map"])
def test_forces_are_those_of_the_plain_version(name, is_normalised):
    rng = np.random.default_rng(3)
    for _ in range(6):
        relevance, score = rng.integers(0, 3, 12).astype(float), rng.permutation(12) / 4.0
        expected = _plain_forces(name, relevance, score, 12, is_normalised)
        forces = _forces(name, relevance, score, _one_query(12), is_normalised=is_normalised)
        np.testing.assert_allclose(forces, expected, rtol=1e-5, atol=1e-7)


def test_map_forces_between_ties_are_those_of_scikit_learns_measure():
    relevance, score = np.array([1.0, 0, 0, 0, 1, 0]), np.array([2.0, 2, 1, 1, 1, 0])
    is_tied = score[:, None] == score
    expected = np.zeros(6)
    for i, j in itertools.product(range(6), range(6)):
        if relevance[i] > relevance[j] and not is_tied[i, j]:
            push = _cost_map(relevance, score, i, j, 6) / (1.0 + np.exp(score[i] - score[j]))
            expected[i] -= push
            expected[j] += push
    inside = _forces("rank:map", relevance, score, _one_query(6))[0] - expected
    for tie in (slice(0, 2), slice(2, 5), slice(5, 6)):  # what is left stays within ties, and points the right way
        assert abs(inside[tie].sum()) < 1e-7
        assert (inside[tie][relevance[tie] > 0] < -1e-3).all()


@pytest.mark.parametrize("position", range(6))
def test_pairwise_loss_obeys_its_finite_differences(position):
    rng = np.random.default_rng(0)
    relevance, score = rng.integers(0, 3, 6).astype(float), rng.normal(size=6)

    def loss(shift):
        moved = score + shift * (np.arange(6) == position)
        lead = moved[:, None] - moved
        return np.log1p(np.exp(-lead))[relevance[:, None] > relevance].sum()

    gradient, hessian = _forces("rank:pairwise", relevance, score, _one_query(6))
    assert gradient[position] == pytest.approx((loss(1e-4) - loss(-1e-4)) / 2e-4, abs=1e-5)
    assert hessian[position] == pytest.approx((loss(1e-3) - 2.0 * loss(0.0) + loss(-1e-3)) / 1e-6, abs=1e-4)


@every_loss
def test_forces_of_a_query_cancel_and_relevant_rows_rise(name):
    relevance, score, code = _several_queries()
    gradient, hessian = _forces(name, relevance, score, Queries(code), 10, True)
    np.testing.assert_allclose(np.bincount(code, gradient), 0.0, atol=1e-5)
    assert (hessian >= 0).all()
    gradient, _ = _forces(name, np.array([0.0, 1.0]), np.array([0.5, 0.0]), _one_query(2))
    assert gradient[1] < 0 < gradient[0]


@every_loss
def test_equal_scores_are_no_dead_end(name):
    """All rows are tied before the first round."""
    relevance = np.array([0.0, 2, 1, 0, 0])
    gradient, hessian = _forces(name, relevance, np.zeros(5), _one_query(5), 2)
    assert gradient[1] < -1e-3
    assert gradient[0] > 1e-3
    assert (hessian > 1e-3).all()


@every_loss
def test_nothing_to_learn_from_a_query_of_one_degree(name):
    gradient, hessian = _forces(name, np.full(4, 2.0), np.arange(4.0), _one_query(4), 30, True)
    assert not gradient.any()
    assert not hessian.any()


@every_loss
@pytest.mark.parametrize("truncation", [3, np.inf])
def test_whole_weight_is_number_of_copies_of_a_row(name, truncation):
    relevance, score, code = _several_queries()
    copies = np.random.default_rng(1).integers(0, 4, len(score)).astype(float)
    repeated = np.repeat(np.arange(len(score)), copies.astype(int))
    by_weight = _forces(name, relevance, score, Queries(code, copies=copies), truncation, True)
    by_copies = _forces(name, relevance[repeated], score[repeated], Queries(code[repeated]), truncation, True)
    np.testing.assert_array_equal(np.array(by_weight)[:, repeated], by_copies)
    assert not np.array(by_weight)[:, copies == 0].any()


@every_loss
def test_place_of_a_row_in_the_table_does_not_matter(name):
    relevance, score, code = _several_queries()
    order = np.random.default_rng(2).permutation(len(score))
    forces = np.array(_forces(name, relevance, score, Queries(code), 10, True))
    moved = _forces(name, relevance[order], score[order], Queries(code[order]), 10, True)
    np.testing.assert_array_equal(moved, forces[:, order])


@every_loss
def test_forces_are_the_same_for_any_number_of_threads(name, monkeypatch):
    monkeypatch.setattr("skensemble.ensemble.losses._ranking_losses._BLOCK", 20)
    relevance, score, code = _several_queries()
    one, three = (_forces(name, relevance, score, Queries(code), 10, True, n_threads=n) for n in (1, 3))
    np.testing.assert_array_equal(one, three)


@every_loss
def test_forces_are_finite_for_extreme_scores_and_degrees(name):
    relevance = np.array([0.0, LARGEST_RELEVANCE, 1.0, 0.5])
    for score in (np.array([1e300, -1e300, 0.0, 1.0]), np.array([0.0, 1e-300, -1e-300, 0.0])):
        assert np.isfinite(_forces(name, relevance, score, _one_query(4), 30, True)).all()


# -- measures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 3, 10, np.inf])
def test_ndcg_is_scikit_learns_of_the_gains(at):
    relevance, score, code = _several_queries(digits=0)
    values = RankingMeasure("ndcg", at).values(relevance, score, Queries(code))
    for query, value in enumerate(values):
        rows = code == query
        gain, k = 2.0 ** relevance[rows] - 1.0, None if at == np.inf else at
        assert value == pytest.approx(ndcg_score([gain], [score[rows]], k=k))


def test_average_precision_is_scikit_learns():
    relevance, score, code = _several_queries(digits=0)
    values = RankingMeasure("map").values(relevance, score, Queries(code))
    for query, value in enumerate(values):
        rows = code == query
        assert value == pytest.approx(average_precision_score(relevance[rows] > 0, score[rows]))


def test_average_precision_of_the_first_rows():
    relevance, score = np.array([1.0, 0, 1, 1]), np.array([4.0, 3, 2, 1])
    (value,) = RankingMeasure("map", 2.0).values(relevance, score, _one_query(4))
    assert value == pytest.approx((1 / 1) / 2)
    (value,) = RankingMeasure("map", 3.0).values(relevance, score, _one_query(4))
    assert value == pytest.approx((1 / 1 + 2 / 3) / 3)


@pytest.mark.parametrize("name", ["ndcg", "map"])
@pytest.mark.parametrize("at", [4.0, np.inf])
def test_measure_counts_weights_as_copies(name, at):
    relevance, score, code = _several_queries()
    rng = np.random.default_rng(4)
    copies, weight = rng.integers(0, 3, len(code)).astype(float), rng.integers(0, 3, code.max() + 1).astype(float)
    measure = RankingMeasure(name, at)
    repeated = np.repeat(np.arange(len(code)), copies.astype(int))
    by_copies = measure.mean(relevance[repeated], score[repeated], Queries(code[repeated]))
    assert measure.mean(relevance, score, Queries(code, copies=copies)) == pytest.approx(by_copies, abs=1e-12)
    values = measure.values(relevance, score, Queries(code))
    assert measure.mean(relevance, score, Queries(code, weight)) == pytest.approx(np.average(values, weights=weight))


@pytest.mark.parametrize("name", ["ndcg", "map"])
def test_query_in_which_every_order_is_equally_good_counts_one(name):
    values = RankingMeasure(name).values(np.array([0.0, 0, 2, 2]), np.arange(4.0), Queries(np.array([0, 0, 1, 1])))
    assert values.tolist() == [1.0, 1.0]


def test_measure_has_a_name():
    assert RankingMeasure.of("ndcg@10") == RankingMeasure("ndcg", 10.0)
    assert RankingMeasure.of("map") == RankingMeasure("map", np.inf)
    assert [RankingMeasure.of(text) for text in ("ndcg@0", "ndcg@", "auc", "ndcg@1.5", "")] == [None] * 5


def test_discounts_are_constant_beyond_the_last():
    short, long = _discounts(10), _discounts(50)
    for x in (0.0, 0.25, 3.0, 7.75, 10.0):
        assert integral(short, x) == pytest.approx(integral(long, x), abs=1e-12)
        assert moment(short, x) == pytest.approx(moment(long, x), abs=1e-12)
    last = 1.0 / np.log2(11.0)
    assert integral(short, 14.5) - integral(short, 10.0) == pytest.approx(4.5 * last)
    assert moment(short, 12.0) - moment(short, 10.0) == pytest.approx(22.0 * last)


# -- queries ---------------------------------------------------------------------------------------------------------


def test_queries_know_their_rows():
    queries = Queries(np.array([1, 0, 1, 2]), weight=np.array([1.0, 2.0, 0.0]))
    assert [queries.rows[a:b].tolist() for a, b in itertools.pairwise(queries.starts)] == [[1], [0, 2], [3]]
    assert queries.row_weight.tolist() == [2, 1, 2, 0]
    assert queries.is_counted.tolist() == [True, True, False]
    some = queries.take(np.array([0, 3]))
    assert (some.code.tolist(), some.weight.tolist()) == ([0, 1], [2.0, 0.0])


def test_keys_of_queries_are_those_of_what_stands_in_them():
    rows, code = np.array([5, -7, 9, 5, 5, 1]), np.array([0, 1, 1, 2, 2, 2])
    keys = Queries(code, copies=np.array([1.0, 1, 1, 2, 1, 0])).keys(rows)
    assert keys[0] == keys[2] != keys[1]


def test_relevance_is_checked():
    loss = LOSSES["rank:ndcg"]()
    for wrong in (-1.0, LARGEST_RELEVANCE + 1.0):
        with pytest.raises(ValueError, match=rf"y must hold degrees of relevance in \[0, 500\], got {wrong:g}"):
            loss.check_target(np.array([0.0, wrong]))
