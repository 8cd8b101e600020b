"""Which weights count as numbers of copies."""

import numpy as np

from skensemble._weights import MOST_WHOLE_WEIGHT, is_whole


def test_is_whole():
    assert is_whole(np.array([0.0, 1.0, 7.0]))
    assert not is_whole(np.array([0.5, 1.0]))
    assert not is_whole(np.array([MOST_WHOLE_WEIGHT, 1.0]))
