"""Categories as points of a Euclidean space, and back to the nearest of them."""

import numpy as np

LARGEST_GAP = 3.0
ROWS_AT_ONCE = 4096


class CategoryCodes:
    """A codeword for each of K levels, and a box around it, whose points are nearest to it.

    K = 1   nothing
    K = 2   one column
    K <= max_onehot   one-hot: a column for each level
    else    the binary digits of the level's number (analog bits, Chen, Zhang & Hinton 2022): ceil(log2 K) columns

    One-hot codes are centred and stretched by one factor, so that the columns have a variance of 1 on average, as
    standardised numbers do, but no level lies farther than `LARGEST_GAP` from the others in its column.

    A thousand levels need ten columns of bits instead of a thousand one-hot columns.  Levels without an order are
    numbered by their frequency, and neighbours differ in a single digit (Gray code), so that a small error leads to a
    level of similar rank.  Digits that are the number of no level are decoded to the nearest level.

    codewords : (K, n_columns) float64
    half_width : float, of the boxes
    """

    def __init__(self, weights, max_onehot, is_ordered):
        shares = np.asarray(weights, np.float64) / np.sum(weights)
        self.n_levels = len(shares)
        self.is_one_hot = self.n_levels <= max(2, max_onehot)
        if self.is_one_hot:
            self.codewords, self.half_width = _one_hot(shares)
        else:
            ranks = np.arange(self.n_levels) if is_ordered else _ranks(-shares)
            self.codewords, self.half_width = _gray_code(ranks), 1.0

    @property
    def n_columns(self):
        return self.codewords.shape[1]

    def names(self, name, levels):
        """Names of the encoded columns."""
        if not self.is_one_hot:
            return [f"{name}_bit{i}" for i in range(self.n_columns)]
        return [f"{name}_{'missing' if level is None else level}" for level in levels[len(levels) - self.n_columns :]]

    def cells(self, codes):
        """(middle, half_width, log_volume) of the boxes of levels; for codes below 0, a box around 0, the mean."""
        middle = np.where((codes >= 0)[:, None], self.codewords[codes], 0.0)
        log_volume = self.n_columns * np.log(2.0 * self.half_width)
        return middle, np.full(middle.shape, self.half_width), np.full(len(codes), log_volume)

    def decode(self, encoded, excluded=None):
        """(n_rows,) intp, the level with the nearest codeword to each row, but never the level `excluded`."""
        if self.n_levels == 1:
            return np.zeros(len(encoded), np.intp)
        blocks = [encoded[start : start + ROWS_AT_ONCE] for start in range(0, len(encoded), ROWS_AT_ONCE)]
        return np.concatenate([self._nearest(block, excluded) for block in blocks] or [np.empty(0, np.intp)])

    def _nearest(self, encoded, excluded):
        # |z - c|^2 is smallest where z c - |c|^2 / 2 is largest
        closeness = encoded @ self.codewords.T - 0.5 * (self.codewords**2).sum(axis=1)
        if excluded is not None:
            closeness[:, excluded] = -np.inf
        return np.argmax(closeness, axis=1)

    def encode_as_other(self, level):
        """(n_columns,) encoding of a row that has any level but this one: NaN in columns where these differ."""
        others = np.delete(self.codewords, level, axis=0)
        if len(others) == 0:
            return np.empty(self.n_columns)
        return np.where((others == others[0]).all(axis=0), others[0], np.nan)


def _one_hot(shares):
    """(codewords, half the distance of a level from the others in its column)"""
    n_levels = len(shares)
    first = {1: 1, 2: 1}.get(n_levels, 0)  # one level needs no column, two need one
    columns = np.eye(n_levels)[:, first:]
    means = shares @ columns
    variance = np.sum(means * (1.0 - means)) / max(columns.shape[1], 1)
    gap = LARGEST_GAP if variance * LARGEST_GAP**2 <= 1.0 else 1.0 / np.sqrt(variance)
    return gap * (columns - means), 0.5 * gap


def _gray_code(ranks):
    n_bits = int(len(ranks) - 1).bit_length()
    codes = ranks ^ (ranks >> 1)
    return np.where(codes[:, None] >> np.arange(n_bits) & 1, 1.0, -1.0)


def _ranks(keys):
    """Position of each key among the sorted ones."""
    return np.argsort(np.argsort(keys, kind="stable"), kind="stable")
