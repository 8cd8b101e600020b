"""Random numbers by row: a row gets the same ones however rows are cut into chunks, and in whatever order.

Rows come in blocks of 256.  Block b draws from a Philox generator of its own, with key (seed, b) and a counter that
starts at (step, stream): nothing is drawn one after the other (Salmon et al. 2011).
"""

import numpy as np

BLOCK = 256  # rows


class RowNoise:
    """Normal and uniform numbers for rows first_row .. first_row + n_rows - 1.

    seed : int in [0, 2**64)
    stream : int, streams are independent of each other: one for each purpose
    """

    def __init__(self, seed, n_rows, first_row=0, stream=0):
        self.seed, self.n_rows, self.first_row, self.stream = int(seed), n_rows, first_row, stream

    def rows(self, start, stop):
        """The noise of a part of these rows."""
        return RowNoise(self.seed, stop - start, self.first_row + start, self.stream)

    def of_stream(self, stream):
        """Independent noise for the same rows."""
        return RowNoise(self.seed, self.n_rows, self.first_row, stream)

    def normal(self, step, n_columns):
        """Standard normal numbers of one step, float64 (n_rows, n_columns)."""
        return self._drawn(step, n_columns, lambda rng, out: rng.standard_normal(out=out))

    def uniform(self, step, n_columns):
        """Uniform numbers in [0, 1) of one step, float64 (n_rows, n_columns)."""
        return self._drawn(step, n_columns, lambda rng, out: rng.random(out=out))

    def _drawn(self, step, n_columns, draw):
        first_block = self.first_row // BLOCK
        n_blocks = -(-(self.first_row + self.n_rows) // BLOCK) - first_block
        drawn = np.empty((n_blocks, BLOCK, n_columns))
        for i in range(n_blocks):
            draw(self._generator(first_block + i, step), drawn[i])
        start = self.first_row - first_block * BLOCK
        return drawn.reshape(-1, n_columns)[start : start + self.n_rows]

    def _generator(self, block, step):
        counter = np.array([0, 0, step, self.stream], np.uint64)
        return np.random.Generator(np.random.Philox(key=np.array([self.seed, block], np.uint64), counter=counter))
