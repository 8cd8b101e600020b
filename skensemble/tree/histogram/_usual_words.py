"""Which words of eight codes most rows of a table have, as in one-hot columns (see `add_unusual_codes`)."""

import numpy as np

SAMPLE = 1000  # rows looked at
USUAL_SHARE = 0.5  # of the rows that have the word
MOST_UNUSUAL = 1.0  # codes of a row that are others, in the mean.  Beyond both, wrong guesses of branches cost more


def usual_words(words):
    """(2, n_padded / 8) uint64: the word that is the usual one, and 1 if most rows have it; (2, 0) if no word is."""
    if len(words) == 0:
        return np.zeros((2, 0), np.uint64)
    sample = words[:: max(1, len(words) // SAMPLE)]
    usual = np.sort(sample, axis=0)[len(sample) // 2]
    n_unusual = np.count_nonzero((sample ^ usual).view(np.uint8).reshape(len(sample), -1, 8), axis=2)
    is_usual = ((n_unusual == 0).mean(axis=0) >= USUAL_SHARE) & (n_unusual.mean(axis=0) <= MOST_UNUSUAL)
    return np.stack([usual, is_usual.astype(np.uint64)])[:, : len(usual) if is_usual.any() else 0].copy()
