import numpy as np
import pytest

from skensemble._random import draw_seed, generator
from skensemble._random_bits import mixed_seed, random_bits, random_uniform, sample_without_replacement
from tests import reference

SEEDS = [0, 1, 12345, 2**31, 2**62 + 12345, 2**63 - 1]


@pytest.mark.parametrize("seed", SEEDS)
def test_bits_are_those_of_split_mix(seed):
    for counter in (0, 1, 7, 10**6, 2**40):
        bits = reference.split_mix(seed, counter)
        assert int(random_bits(seed, counter)) == bits
        assert random_uniform(seed, counter) == (bits >> 11) / 2**53
        assert mixed_seed(seed, counter) == bits >> 1 >= 0


def test_split_mix_of_its_authors():
    """The first outputs for seed 1234567, as published with the C code."""
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [reference.split_mix(1234567, counter) for counter in range(5)] == expected


def test_uniform_numbers_are_uniform():
    numbers = np.array([random_uniform(3, counter) for counter in range(4000)])
    assert 0.0 <= numbers.min() < 0.01
    assert 0.99 < numbers.max() < 1.0
    counts = np.histogram(numbers, 16, (0, 1))[0]
    assert ((counts - 250) ** 2 / 250).sum() < 40
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.05


def test_streams_differ():
    seeds = [mixed_seed(5, stream) for stream in range(50)]
    numbers = {random_uniform(seed, counter) for seed in seeds for counter in range(20)}
    assert len(numbers) == 1000


@pytest.mark.parametrize(("n", "n_chosen"), [(10, 0), (10, 1), (10, 10), (100, 37), (1, 1), (0, 0)])
def test_sample_without_replacement(n, n_chosen):
    for seed in SEEDS:
        chosen = np.full(n_chosen + 2, -1)
        assert sample_without_replacement(seed, n, n_chosen, chosen) == n_chosen
        assert (chosen[n_chosen:] == -1).all()
        sample = chosen[:n_chosen]
        assert (np.diff(sample) > 0).all()
        assert ((sample >= 0) & (sample < n)).all()


def test_every_row_is_as_likely():
    counts, chosen = np.zeros(12), np.zeros(4, np.int64)
    for seed in range(3000):
        sample_without_replacement(mixed_seed(0, seed), 12, 4, chosen)
        counts[chosen] += 1
    assert np.abs(counts - 1000).max() < 120


@pytest.mark.parametrize("make", [lambda: 7, lambda: np.random.RandomState(7), lambda: np.random.default_rng(7)])
def test_generator_repeats_itself(make):
    assert draw_seed(generator(make())) == draw_seed(generator(make()))
    seeds = [draw_seed(rng) for rng in [generator(make())] for _ in range(5)]
    assert len(set(seeds)) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_generator_of_none_differs_each_time():
    assert draw_seed(generator(None)) != draw_seed(generator(None))


def test_generator_is_passed_on():
    rng = np.random.default_rng(0)
    assert generator(rng) is rng


def test_random_state_is_used_up():
    """Two models given one RandomState must not get the same numbers."""
    random_state = np.random.RandomState(0)
    assert draw_seed(generator(random_state)) != draw_seed(generator(random_state))
