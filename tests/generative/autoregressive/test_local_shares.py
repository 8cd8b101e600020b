"""Local shares: even ones where there is nothing to learn, others where residuals differ, and their inverse."""

import numpy as np
import pytest

from skensemble.generative.autoregressive._local_shares import (
    N_BINS,
    local_shares,
    log_density_at,
    share_below,
    with_share_below,
)

N = 1200
rng = np.random.default_rng(0)
X = rng.random((N, 1))
IS_JUDGE = np.arange(N) % 5 == 0


def _fitted(u):
    return local_shares(X, [], u, np.ones(N), IS_JUDGE)


def test_even_shares_stay_even():
    local, below = _fitted(rng.random(N))
    assert local is None
    np.testing.assert_allclose(share_below(below, np.linspace(0, 1, N)), np.linspace(0, 1, N))
    np.testing.assert_allclose(log_density_at(below, np.linspace(0, 1, N)), 0.0, atol=1e-9)


@pytest.mark.parametrize("kind", ["shifted", "narrow"])
def test_shares_follow_what_differs_from_place_to_place(kind):
    v = rng.random(N)
    other = 0.5 * v if kind == "shifted" else 0.4 + 0.2 * v
    local, below = _fitted(np.where(X[:, 0] < 0.5, v, other))
    shares = np.diff(local.of_rows(np.array([[0.2], [0.8]])), axis=1)
    where_it_is = (np.arange(N_BINS) + 0.5) / N_BINS
    is_inside = where_it_is < 0.5 if kind == "shifted" else np.abs(where_it_is - 0.5) < 0.1
    assert shares[1, is_inside].sum() > 0.85
    assert shares[0, is_inside].sum() < 0.65
    assert below.shape == (N, N_BINS + 1)


def test_the_inverse_is_the_inverse():
    _, below = _fitted(X[:, 0] * rng.random(N))
    u = rng.random(N)
    np.testing.assert_allclose(with_share_below(below, share_below(below, u)), u, atol=1e-9)
    grid = np.repeat(below[:1], 1600, axis=0)
    density = np.exp(log_density_at(grid, (np.arange(1600) + 0.5) / 1600))
    assert density.mean() == pytest.approx(1.0)
