import numpy as np
import pytest

from skensemble.ensemble.newton._exact_weights import ExactWeights

N = 1000
RNG = np.random.default_rng(0)
WEIGHTS = {"whole": RNG.integers(0, 5, N).astype(float), "any": RNG.random(N), "tiny": 1e-9 * RNG.random(N)}


@pytest.mark.parametrize("weight", WEIGHTS.values(), ids=WEIGHTS)
def test_sums_are_close_and_do_not_depend_on_the_order(weight):
    rows, exact = RNG.permutation(N), ExactWeights.of(weight)
    starts, stops = np.array([0, 10, 500]), np.array([N, 500, 500])
    sums = exact.sums(rows, starts, stops)
    expected = [weight[rows[start:stop]].sum() for start, stop in zip(starts, stops)]
    np.testing.assert_allclose(sums, expected, rtol=1e-12)
    assert exact.sums(np.arange(N), starts[:1], stops[:1])[0] == sums[0]


@pytest.mark.parametrize("weight", WEIGHTS.values(), ids=WEIGHTS)
def test_some_of_the_weight_is_counted_in_the_same_unit(weight):
    exact, everything = ExactWeights.of(weight), (np.arange(N), np.array([0]), np.array([N]))
    halves = exact.same_unit(np.where(np.arange(N) < 500, weight, 0.0)), exact.same_unit(weight * (np.arange(N) >= 500))
    assert sum(half.sums(*everything)[0] for half in halves) == exact.sums(*everything)[0]


def test_whole_weights_are_copies():
    weight, bounds = WEIGHTS["whole"], (np.array([0]), np.array([N]))
    assert ExactWeights.of(weight).sums(np.arange(N), *bounds).tolist() == [weight.sum()]
