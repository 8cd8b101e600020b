"""Symmetric trees over codes that are read in order, block by block: little memory beside the codes.

A `TreeGrower` moves rows and targets to their nodes, 25 bytes a row. Here each row knows its node, four bytes, and a
level takes two sweeps over all rows: one moves them to their children and counts them, the other sorts each block by
node, in memory that blocks share, and adds it to the histograms of the smaller children. The sums are the same
integers, so the trees are the same, too.
"""

from typing import NamedTuple

import numpy as np

from skensemble._mapped_arrays import let_go
from skensemble._parallel import for_each_with_own, threads_here
from skensemble.tree._binning import BLOCK_ROWS
from skensemble.tree.histogram._blocked_kernels import count_left, descend, fill_nodes, leaf_sums, rows_by_node
from skensemble.tree.histogram._exact_sums import N_EXPONENTS, is_at_border, sum_of_exponents
from skensemble.tree.histogram._grown_trees import GrownTree
from skensemble.tree.histogram._growth_jobs import CHILDREN, LEAVES, LEVEL_SCAN
from skensemble.tree.histogram._growth_memory import MAX_HISTOGRAM_BYTES, GrowthMemory
from skensemble.tree.histogram._parted_grower import PartGrowth, Place
from skensemble.tree.histogram._parted_kernels import (
    adopt_level,
    adopt_level_sums,
    adopt_sums,
    begin_tree,
    exponents_of_part,
    pack_part,
    plant_root,
    scan_level,
    set_leaves,
    sums_of_part,
)
from skensemble.tree.histogram._tree_grower import given_fields, word_fields
from skensemble.tree.trees._marks import ALL_OUTPUTS, NO_CHILD


class Desk(NamedTuple):
    """What one thread at a time needs for a block."""

    rows: np.ndarray  # (BLOCK_ROWS,) uint32, sorted by node
    packed: np.ndarray  # (BLOCK_ROWS * most_channels,) int64, their targets
    histograms: np.ndarray  # (most_filled * n_cells,) int64, of the nodes that are filled


class BlockedGrower:
    """Grows symmetric trees on one table.

    codes : CodesByRows
    limits, n_outputs, monotone, interactions, feature_order : see `TreeGrower`
    """

    def __init__(self, codes, limits, *, n_outputs=1, monotone, interactions, n_threads=1, feature_order=None):
        self.n_outputs, self._codes = n_outputs, codes
        self._has_categories = bool(codes.is_categorical.any())
        leader = given_fields(codes.without_rows(), limits, n_outputs, monotone, interactions, feature_order)
        n_sampled = None if codes.mapped is None else BLOCK_ROWS  # a sample of all of a file would read all of it
        self._shift, self._cells, self._words = leader["shift"], leader["cells"], word_fields(codes.codes, n_sampled)
        self._memory = GrowthMemory.of_leader(leader, codes.n_samples)
        codes.let_go(codes.n_samples)
        self._place = np.zeros(len(Place._fields), np.int64)
        self._blocks = range(0, codes.n_samples, BLOCK_ROWS)
        n_channels, n_rows = self._memory.sizes["most_channels"], min(BLOCK_ROWS, codes.n_samples)
        n_cells = max(1, 1 << max(limits.max_depth - 2, 0)) * n_channels * leader["n_column_cells"]
        n_desks = min(threads_here(n_threads), max(1, MAX_HISTOGRAM_BYTES // (8 * n_cells)), len(self._blocks))
        self._desks = [
            Desk(np.empty(n_rows, np.uint32), np.empty(n_rows * n_channels, np.int64), np.empty(n_cells, np.int64))
            for _ in range(n_desks)
        ]

    def grow(self, targets, seed, rows=None, features=None, output=0):
        """The PartGrowth of a tree; see `TreeGrower.grow`."""
        n_active = len(self._memory.arrays["features"])
        if features is not None:
            n_active = len(features)
            self._memory.arrays["features"][:n_active] = features
        self._features = np.arange(n_active) if features is None else features
        self._targets, self._output = targets, output
        self._rows = np.zeros(0, np.uint32) if rows is None else rows
        self._bounds = [*self._blocks, self._codes.n_samples]
        if rows is not None:
            self._bounds = np.searchsorted(rows, self._bounds)
        self._node_of_row = np.zeros(self._codes.n_samples, np.int32)
        place = self._begin(seed)
        while place.phase != LEAVES:
            if place.phase == CHILDREN:
                place = self._after(adopt_sums, self._filled(place, 0, np.zeros(1, np.int64)))
            elif place.phase == LEVEL_SCAN:
                place = self._after(scan_level)
            else:
                place = self._split_level(place)
        growth = self._finish(place, rows)
        self._rows = np.zeros(0, np.uint32)  # or those of the next tree would be drawn beside them
        return growth

    def _after(self, kernel, *arguments):
        """Where the leader stands after one of its kernels."""
        kernel(*arguments, self._place, self._memory.state)
        return Place(*self._place.tolist())

    def _sweep(self, look):
        """List of what look(desk, slice of rows, first and last place in `rows`) says of each block."""

        def call(desk, k):
            first = self._blocks[k]
            block = slice(first, min(first + BLOCK_ROWS, self._codes.n_samples))
            found = look(desk, block, self._bounds[k], self._bounds[k + 1])
            self._codes.let_go(block.start)
            for numbers in (self._targets.gradient, self._targets.hessian):
                let_go(numbers[:, block])
            return found

        return for_each_with_own(self._desks, call, len(self._blocks))

    # -- the root ----------------------------------------------------------------------------------------------------

    def _begin(self, seed):
        """Scales by the sums of all rows, the root and what it adds up to."""
        targets, n_rows = self._targets, int(self._bounds[-1])
        n_active, marker = len(self._features), np.zeros(int(len(targets.weight) > 0))
        sums = self._sums()
        place = self._after(
            begin_tree, n_rows, n_active, seed, self._output, marker, targets.whole, targets.n_units, sums
        )

        def totals(desk, block, start, stop):
            own = self._own_rows(desk, block, start, stop)
            return self._pack(place, desk, own)

        return self._after(plant_root, np.sum(self._sweep(totals), axis=0))

    def _own_rows(self, desk, block, start, stop):
        """The rows of a block that grow the tree, as they stand."""
        if len(self._rows):
            return self._rows[start:stop]
        rows = desk.rows[: stop - start]
        rows[:] = np.arange(block.start, block.stop, dtype=np.uint32)
        return rows

    def _outputs(self):
        return range(self._output, self._output + self.n_outputs)

    def _sums(self):
        """(n_outputs, 4) sums of |gradient| and hessian, and the bounds of the hessian."""
        targets = self._targets

        def of_block(desk, block, start, stop):
            own, sums = self._own_rows(desk, block, start, stop), np.empty((self.n_outputs, 4))
            for k, output in enumerate(self._outputs()):
                sums_of_part(
                    targets.gradient[output], targets.hessian[output], targets.weight, targets.whole, own, len(own),
                    sums[k],
                )  # fmt: skip
            return sums

        parts = np.array(self._sweep(of_block))
        sums = np.stack([*parts[:, :, :2].sum(axis=0).T, parts[:, :, 2].min(axis=0), parts[:, :, 3].max(axis=0)], 1)
        for k, output in enumerate(self._outputs()):
            if is_at_border(sums[k, 0], targets.n_units) or is_at_border(sums[k, 1], targets.n_units):
                sums[k, :2] = self._exact_sums(output)
        return sums

    def _exact_sums(self, output):
        """Sums of |gradient| and hessian of an output, to the last bit."""
        targets = self._targets

        def of_block(desk, block, start, stop):
            own, cells = self._own_rows(desk, block, start, stop), np.zeros((2, N_EXPONENTS), np.int64)
            exponents_of_part(targets.gradient[output], targets.hessian[output], targets.weight, own, len(own), cells)
            return cells

        return [sum_of_exponents(cells) for cells in np.sum(self._sweep(of_block), axis=0)]

    def _pack(self, place, desk, rows):
        """Write the targets of some rows in fixed point; returns their sums."""
        arrays, targets, totals = self._memory.arrays, self._targets, np.zeros(place.n_channels, np.int64)
        for channel in range(place.n_channels):
            k = channel if channel < self.n_outputs else -1
            output = self._output + max(k, 0)
            totals[channel] = pack_part(
                targets.gradient[output], targets.hessian[output], targets.weight, targets.whole,
                1.0 / arrays["gradient_unit"][k], 1.0 / arrays["hessian_unit"][k], rows, len(rows), desk.packed,
                place.n_channels, k,
            )  # fmt: skip
        return totals

    # -- levels ------------------------------------------------------------------------------------------------------

    def _split_level(self, place):
        first, n_nodes = (1 << place.level) - 1, 1 << place.level
        arrays, small_ids = self._memory.arrays, np.empty(n_nodes, np.int64)
        node, words = arrays["nodes"][first].copy(), arrays["words"][first]

        def move(desk, block, start, stop):
            counts = np.zeros(n_nodes, np.int64)
            descend(self._codes.codes, self._node_of_row, block.start, block.stop, node, words)
            count_left(self._node_of_row, self._rows, start, stop, first + n_nodes, counts)
            return counts

        place = self._after(adopt_level, np.sum(self._sweep(move), axis=0), small_ids)
        if place.phase == LEAVES:
            return place
        return self._after(adopt_level_sums, self._filled(place, first + n_nodes, small_ids), small_ids)

    def _filled(self, place, first_node, node_ids):
        """Histograms of nodes, one or none of each two siblings from `first_node` on."""
        places = np.full(max(1, 2 * len(node_ids)), -1, np.int64)
        places[node_ids - first_node] = np.arange(len(node_ids))
        n_used, words = len(node_ids) * place.n_cells, self._words["words_of_codes"]
        if len(self._features) < len(self._cells):
            words = words[:0]
        for desk in self._desks:
            desk.histograms[:n_used] = 0

        def fill(desk, block, start, stop):
            starts = self._sort(desk, start, stop, first_node, places, len(node_ids))
            self._pack(place, desk, desk.rows[: starts[-1]])
            fill_nodes(
                starts, words, self._words["usual_words"], self._codes.codes, desk.rows, desk.packed, desk.histograms,
                place.n_cells, self._shift, place.n_channels, self._features, self._cells,
            )  # fmt: skip

        self._sweep(fill)
        total = self._desks[0].histograms[:n_used]
        for desk in self._desks[1:]:
            total += desk.histograms[:n_used]
        return total

    def _sort(self, desk, start, stop, first_node, places, n_places):
        """Where the rows of each place in line begin, which are written to the desk."""
        starts = np.empty(n_places + 1, np.int64)
        rows_by_node(self._node_of_row, self._rows, start, stop, first_node, places, starts, desk.rows)
        return starts

    # -- leaves ------------------------------------------------------------------------------------------------------

    def _finish(self, place, rows):
        state, arrays = self._memory.state, self._memory.arrays
        nodes, targets = arrays["nodes"][: place.n_nodes].copy(), self._targets
        leaves = np.flatnonzero(nodes["left"] == NO_CHILD)

        def sums_of_block(desk, block, start, stop):
            starts = self._sort(desk, start, stop, leaves[0], np.arange(len(leaves)), len(leaves))
            sums = np.zeros((self.n_outputs, len(leaves), 2), np.int64)
            for k, output in enumerate(self._outputs()):
                leaf_sums(
                    starts, desk.rows, targets.gradient[output], targets.hessian[output], targets.weight,
                    targets.whole, arrays["fine_gradient"][k], arrays["fine_hessian"][k], sums[k],
                )  # fmt: skip
            return sums

        set_leaves(leaves, np.sum(self._sweep(sums_of_block), axis=0), state)
        tree = GrownTree(
            nodes=nodes,
            values=arrays["values"][: place.n_nodes].copy(),
            cover=arrays["cover"][: place.n_nodes].copy(),
            words=arrays["words"][: place.n_nodes].copy() if self._has_categories else arrays["words"][:0],
            output=ALL_OUTPUTS if self.n_outputs > 1 else self._output,
            symmetric=True,
        )
        rows = np.arange(self._codes.n_samples, dtype=np.uint32) if rows is None else rows
        leaf_of_row, self._node_of_row = self._node_of_row, None  # which belongs to the caller from now on
        return PartGrowth(tree, leaf_of_row, rows)
