"""Rows drawn from chains, given the cells of them that are known.

Known cells that come late in a chain say something about the cells before them.  Several candidates therefore go
through the chain for each row, and are drawn anew at each known cell, each as often as it makes the cell likely
(sequential importance resampling: Gordon, Salmond and Smith 1993).
"""

import numpy as np

from skensemble.generative.autoregressive._column_cells import NOWHERE
from skensemble.generative.tables._boxes import log_sum_exp

N_CANDIDATES = 32  # rows drawn for each row with known cells, of which one is taken


class RowsOfChains:
    """chains : list of Chain;  limits : (lowest, highest) that each column can hold"""

    def __init__(self, chains, limits):
        self.chains, self.limits = chains, limits

    def rows(self, plain, known, labels, rng, is_complete=False):
        """Columns of rows with the known cells, each row drawn by one of the chains; complete: without missing cells.

        Known cells say which chain a row is from: a chain is taken with a probability in proportion to how likely it
        makes the cells that the row has.  Rows without known cells are from any chain.
        """
        n_rows, n_chains = len(labels), len(self.chains)
        has_known = np.any([known[j] for j in self.chains[0].modelled], axis=0)
        chain_of = rng.integers(n_chains, size=n_rows)
        log_likelihood = np.full((n_chains, n_rows), -np.inf)
        drawn = []
        for k, chain in enumerate(self.chains):
            rows = np.flatnonzero(has_known | (chain_of == k))
            table = [column.copy() for column in plain]
            if len(rows) > 0:
                parts = [c[rows] for c in plain], [b[rows] for b in known], labels[rows]
                part, log_likelihood[k, rows] = self._through(chain, *parts, rng, is_complete)
                for column, values in zip(table, part, strict=True):
                    column[rows] = values
            drawn.append(table)
        taken = (log_likelihood + rng.gumbel(size=log_likelihood.shape)).argmax(axis=0)
        taken = np.where(has_known, taken, chain_of)
        return [np.choose(taken, columns) for columns in zip(*drawn, strict=True)]

    def _through(self, chain, plain, known, labels, rng, is_complete):
        """(columns, log likelihood of the known cells): candidates go through the chain together."""
        n_rows = len(labels)
        n_each = N_CANDIDATES if any(known[j].any() for j in chain.modelled) else 1
        copies = np.repeat(np.arange(n_rows), n_each)
        plain, known = [column[copies] for column in plain], [column[copies] for column in known]
        labels, log_likelihood = labels[copies], np.zeros(n_rows)
        for j, conditional in chain.steps():
            if known[j].any():
                density = chain.log_density_of_column(j, conditional, plain, labels)
                log_weight = np.where(known[j], density, 0.0).reshape(n_rows, n_each)
                log_likelihood += log_sum_exp(list(log_weight.T), 1.0 / n_each)
                again = _resampled(log_weight, rng)
                plain = [column[again] for column in plain]
            if not known[j].all():
                features = chain.features(j, labels, plain)
                drawn = self._column(j, chain.cells[j], conditional, features, rng, is_complete)
                plain[j] = np.where(known[j], plain[j], drawn)
        first = np.arange(n_rows) * n_each  # candidates of a row are alike in distribution
        return [column[first] for column in plain], log_likelihood

    def _column(self, j, cells, conditional, features, rng, is_complete):
        codes = conditional.draw(features, rng)
        if is_complete and cells.missing != NOWHERE and cells.n_cells > 1:
            codes = _without_missing(cells, conditional, features, codes, rng)
        values = conditional.values(features, codes, rng)
        new = cells.new_values(rng, len(codes))
        if new is None:
            return values
        new = np.clip(new, *self.limits[j])
        is_new = (rng.random(len(codes)) < 1.0 / (cells.total + 1.0)) & (codes != cells.missing)
        return np.where(is_new, new, values)


def _without_missing(cells, conditional, features, codes, rng, n_tries=8):
    """Missing cells are drawn again; after some tries from the values of all rows."""
    for _ in range(n_tries):
        rows = np.flatnonzero(codes == cells.missing)
        if len(rows) == 0:
            return codes
        codes[rows] = conditional.draw(features[rows], rng)
    rows = np.flatnonzero(codes == cells.missing)
    shares = conditional.shares.copy()
    shares[cells.missing] = 0.0
    codes[rows] = rng.choice(len(shares), size=len(rows), p=shares / shares.sum())
    return codes


def _resampled(log_weight, rng):
    """Places of candidates, (n_rows * n_each,), drawn within each row in proportion to their weights."""
    n_rows, n_each = log_weight.shape
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    ends = np.cumsum(weight, axis=1)
    marks = (rng.random((n_rows, n_each)) * ends[:, -1:])[:, :, np.newaxis]
    drawn = np.minimum((marks >= ends[:, np.newaxis, :]).sum(axis=2), n_each - 1)
    return (np.arange(n_rows)[:, np.newaxis] * n_each + drawn).ravel()
