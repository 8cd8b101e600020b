"""Values of a step within bins: shares of rows, a part for values that no row had, and back."""

import numpy as np
import pytest

from skensemble.generative.autoregressive._stepped_values import SteppedValues

VALUES = np.array([0.0, 5.0, 7.0, 10.0, 20.0])  # two bins, 0 to 10 and 15 to 30
COUNTS = np.array([30.0, 1.0, 1.0, 8.0, 3.0])
STEPPED = SteppedValues(np.array([0.0, 15.0]), np.array([10.0, 30.0]), 1.0, VALUES, COUNTS)


def test_shares_are_those_of_rows_and_of_what_no_row_had():
    bins = np.zeros(11, np.int64)
    share = STEPPED.share(np.arange(11.0), bins)
    fresh = 3 / 41
    assert share[0] == pytest.approx((1 - fresh) * 30 / 40 + fresh / 11)
    assert share[3] == pytest.approx(fresh / 11)
    assert share.sum() == pytest.approx(1.0)
    assert STEPPED.share(np.arange(15.0, 31.0), np.ones(16, np.int64)).sum() == pytest.approx(1.0)


def test_quantiles_invert_the_shares():
    rng = np.random.default_rng(0)
    bins = np.repeat([0, 1], 20_000)
    drawn = STEPPED.quantile(rng.random(40_000), bins)
    for bin_of, inside in enumerate((np.arange(11.0), np.arange(15.0, 31.0))):
        share = STEPPED.share(inside, np.full(len(inside), bin_of))
        counts = np.array([np.sum(drawn[bins == bin_of] == x) for x in inside])
        np.testing.assert_allclose(counts / 20_000, share, atol=0.012)
