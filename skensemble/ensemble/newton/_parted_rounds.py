"""Rounds of boosting whose rows stand in several parts: see `PartedGrower`.

Targets, weights and keys of all rows are in every process; codes, gradients and draws are those of its own rows.
"""

from functools import partial

import numpy as np

from skensemble._parallel import for_blocks
from skensemble._random_bits import mixed_seed
from skensemble.ensemble.losses._loss import GRADIENT_BLOCK
from skensemble.ensemble.newton._tree_rounds import TreeRounds, bounded
from skensemble.ensemble.rows._row_sampling import goss_rows, goss_sizes
from skensemble.tree.histogram._parted_grower import PartedGrower, PartTargets
from skensemble.tree.trees._marks import NO_CHILD


class InParts:
    """What TreeRounds, or a kind of them, do in another way where rows stand in several parts."""

    def _make_growers(self):
        self._part, self._here, self._threads_of_tree = self.train.binned, self.train.here, self.settings.n_threads
        self._sampler_here = None if self._sampler is None else self._sampler.part(self._here)
        return [PartedGrower(self._part, self.settings.limits, **self._grower_settings())]

    # -- gradients ---------------------------------------------------------------------------------------------------

    def _fill_gradients(self):
        fill, first = partial(self._fill_block, self.loss, self.train, self.targets), self._here.start
        if self.loss.needs_all_rows:
            self.train.raw_of_all()
            fill(0, self.n_samples)
            return

        def fill_here(start, stop):
            fill(first + start, first + stop)

        for_blocks(fill_here, self._part.n_samples, GRADIENT_BLOCK, self.settings.n_threads)

    def _total_of_parts(self, total):
        return np.sum(self._part.exchange.gather(total), axis=0)

    def _sum_of_parts(self, sums):
        return self._part.exchange.sum(sums)

    def _has_more_to_learn(self):
        gradient = self.targets.gradient[:, self._here]
        if self._weight is not None:
            gradient = gradient[:, self._weight[self._here] > 0.0]
        bounds = [(part.min(axis=1), part.max(axis=1)) for part in [gradient] if part.size]
        bounds = [bound for parts in self._part.exchange.gather(bounds) for bound in parts]
        differs = np.min([low for low, _ in bounds], axis=0) < np.max([high for _, high in bounds], axis=0)
        return self.train.start is None and bool(differs.any())

    # -- rows --------------------------------------------------------------------------------------------------------

    def _choose_rows(self, seed):
        settings, here = self.settings, self._here
        weight = None if self._weight is None else self._weight[here]
        if settings.goss:
            size = self._part.gathered(goss_sizes(self.targets.gradient[:, here], weight))
            rows, factor = goss_rows(size, self._sampler, settings.subsample, seed)
            self.targets.weight[here] = factor[here] if weight is None else factor[here] * weight
            first, last = np.searchsorted(rows, [here.start, here.stop])
            return (rows[first:last] - here.start).astype(np.uint32)
        if settings.subsample == 1.0:
            return None
        rows, units = self._sampler_here.drawn(settings.subsample, mixed_seed(seed, 0))
        if self._part.exchange.sum(np.array([len(rows)]))[0] == 0:
            rows, units = self._sampler_here.all_rows()
        if self._sampler.splits:
            drawn = self._sampler_here.drawn_weight(rows, units, weight)
            self._drawn_weight = np.zeros(self.n_samples)
            self._drawn_weight[here] = drawn
            self._drawn_units = self._exact_weight.same_unit(self._drawn_weight)
            self.targets.weight[here] = drawn
        return rows

    # -- trees -------------------------------------------------------------------------------------------------------

    def _grow(self, grower, seed, rows, output):
        whole, here = self.targets, self._here
        is_weighted = len(whole.weight) > 0
        targets = PartTargets(
            gradient=[of_output[here] for of_output in whole.gradient],
            hessian=[of_output[here] for of_output in whole.hessian],
            weight=whole.weight[here] if is_weighted else whole.weight,
            whole=whole.whole,
            n_units=whole.n_units,
            is_weighted=is_weighted,
        )
        return grower.grow(targets, seed, rows, self._choose_features(seed), output)

    def _weights_of_nodes(self, growth):
        nodes, units = growth.tree.nodes, self._drawn_units
        sums = np.zeros(len(nodes), np.int64)
        np.add.at(sums, growth.leaf_of_row[growth.rows], units.units[self._here][growth.rows])
        sums = self._part.exchange.sum(sums)
        for node in np.flatnonzero(nodes["left"] != NO_CHILD)[::-1]:  # children have larger numbers
            sums[node] = sums[nodes["left"][node]] + sums[nodes["right"][node]]
        return sums * 2.0**units.exponent

    def _set_optimal_leaf_values(self, growth, output):
        """Each process finds the values of some leaves, whose rows' raw predictions the others send it.

        Quantiles need all rows of a leaf; so a row's number and raw predictions, 12 bytes, travel once for each tree.
        """
        tree, exchange = growth.tree, self._part.exchange
        leaves, starts = growth.leaf_starts()
        n_leaves, n_values = len(leaves), tree.values.shape[1]
        bounds = np.linspace(0, n_leaves, exchange.n_ranks + 1).astype(np.int64)
        rows, first_row = growth.rows_by_leaf, self._here.start
        place = np.repeat(np.arange(n_leaves), np.diff(starts))
        columns = slice(output, output + n_values)
        parcels = []
        for first, last in zip(starts[bounds[:-1]], starts[bounds[1:]]):
            own = rows[first:last] + np.uint32(first_row)
            weight = self._drawn_weight[own] if self._draws_weights else None
            parcels.append((own, place[first:last], self._raw_of_round[columns, own], weight))
        rows, place, raw, weight = zip(*exchange.swap(parcels))
        rows, place = np.concatenate(rows), np.concatenate(place)
        order = np.lexsort((rows, place))
        whole_raw = np.empty_like(self.train.raw)
        whole_raw[columns, rows] = np.concatenate(raw, axis=1)
        whole_weight = self._weight
        if self._draws_weights:
            whole_weight = np.zeros(self.n_samples)
            whole_weight[rows] = np.concatenate(weight)
        own_leaves = np.arange(bounds[exchange.rank], bounds[exchange.rank + 1] + 1)
        own_starts = np.searchsorted(place[order], own_leaves).astype(np.int64)
        values = [
            self.loss.optimal_leaf_values(
                output + k, self.train.y, whole_raw, whole_weight, rows[order], own_starts, self._threads_of_tree
            )
            for k in range(n_values)
        ]
        values = np.concatenate(exchange.gather(np.array(values).reshape(n_values, -1)), axis=1)
        for k in range(n_values):
            tree.values[leaves, k] = bounded(tree.nodes, leaves, values[k], self.settings.monotone)

    @property
    def _draws_weights(self):
        """Are only some of the copies of a row drawn, which other processes do not know?"""
        return self._sampler is not None and self._sampler.splits and not self.settings.goss


class PartedRounds(InParts, TreeRounds):
    """State between rounds."""
