import itertools

import numpy as np
from scipy.stats import kstest

from skensemble.generative.paths._row_noise import BLOCK, RowNoise


def test_rows_have_the_same_noise_in_any_chunks():
    noise = RowNoise(7, 3 * BLOCK + 11)
    whole = noise.normal(4, 3)
    cuts = [0, 1, 100, BLOCK, 2 * BLOCK + 5, 3 * BLOCK + 11]
    parts = [noise.rows(start, stop).normal(4, 3) for start, stop in itertools.pairwise(cuts)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(noise.rows(50, 600).rows(10, 20).normal(4, 3), whole[60:70])


def test_more_rows_do_not_change_the_first():
    np.testing.assert_array_equal(RowNoise(7, 1000).uniform(0, 2)[:10], RowNoise(7, 10).uniform(0, 2))


def test_seeds_steps_streams_and_blocks_differ():
    noise = RowNoise(1, 2 * BLOCK)
    first = noise.normal(0, 1)
    others = [noise.normal(1, 1), noise.of_stream(1).normal(0, 1), RowNoise(2, 2 * BLOCK).normal(0, 1)]
    for other in others:
        assert abs(np.corrcoef(first[:, 0], other[:, 0])[0, 1]) < 0.2
    assert abs(np.corrcoef(first[:BLOCK, 0], first[BLOCK:, 0])[0, 1]) < 0.2


def test_distributions():
    noise = RowNoise(2**63 - 1, 5000)
    assert kstest(noise.normal(3, 2).ravel(), "norm").pvalue > 0.01
    assert kstest(noise.uniform(3, 2).ravel(), "uniform").pvalue > 0.01
