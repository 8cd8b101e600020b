"""Trees whose rows stand in several parts, each in a process of its own: the same trees as of all rows in one.

Every process runs this program: it has a part of the rows, and a leader that decides the next split.  Leaders meet
only in sums of integers over all parts; equal sums in, equal decisions out, so no split has to be sent.

    part 0    rows -> histograms --+                     +-- leader 0: best splits
    part 1    rows -> histograms --+-- sums of integers -+-- leader 1: the same
    part 2    rows -> histograms --+                     +-- leader 2: the same

A level of a symmetric tree takes two such meetings: numbers of rows that go left, and histograms of the smaller nodes.
Other trees take two for each split.
"""

from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.tree.histogram._exact_sums import N_EXPONENTS, is_at_border, sum_of_exponents
from skensemble.tree.histogram._growing import TILE_FEATURES
from skensemble.tree.histogram._grown_trees import GrownTree, leaves_of
from skensemble.tree.histogram._growth_jobs import CHILDREN, COUNT, LEAVES, LEVEL_SCAN
from skensemble.tree.histogram._growth_limits import SYMMETRIC
from skensemble.tree.histogram._growth_memory import GrowthMemory
from skensemble.tree.histogram._parted_kernels import (
    adopt_counts,
    adopt_level,
    adopt_level_sums,
    adopt_split,
    adopt_sums,
    begin_tree,
    count_part,
    exponents_of_part,
    fill_part,
    leaf_sums_of_part,
    leaves_of_part,
    pack_part,
    plant_root,
    scan_level,
    set_leaves,
    split_part,
    sums_of_part,
    unsure_nodes,
)
from skensemble.tree.histogram._tree_grower import given_fields
from skensemble.tree.trees._marks import ALL_OUTPUTS, NO_CHILD


class Place(NamedTuple):
    """Where a leader stands."""

    phase: int
    small: int  # nodes to fill; -1: none
    big: int
    node_id: int  # to split
    n_nodes: int
    level: int
    n_channels: int
    n_cells: int


class PartTargets(NamedTuple):
    """What trees are grown for: see `Targets`."""

    gradient: list  # of (n_here,) float32, one for each output: those of the part's rows
    hessian: list
    weight: np.ndarray  # (n_here,) float64, or (0,)
    whole: bool
    n_units: float  # of all parts
    is_weighted: bool  # whether the rows of any part have weights


class PartGrowth(NamedTuple):
    """A tree, and where the part's rows ended."""

    tree: GrownTree
    leaf_of_row: np.ndarray  # (n_here,) int32
    rows: np.ndarray  # (n_drawn,) uint32: the part's rows that grew the tree, in any order

    @property
    def rows_by_leaf(self):
        """(n_drawn,) uint32: the same, sorted by leaf, and ascending in each."""
        rows = np.sort(self.rows)
        return rows[np.argsort(self.leaf_of_row[rows], kind="stable")]

    def leaf_starts(self):
        """(leaves, starts): leaf leaves[j] owns rows_by_leaf[starts[j] : starts[j + 1]]."""
        leaves = np.flatnonzero(self.tree.nodes["left"] == NO_CHILD)
        n_rows = np.bincount(self.leaf_of_row[self.rows], minlength=len(self.tree.nodes))[leaves]
        return leaves, np.append(0, np.cumsum(n_rows))


class PartedGrower:
    """Grows trees on the rows of all parts.

    part : PartOfCodes, which knows how to meet the others
    limits, n_outputs, monotone, interactions, feature_order : see `TreeGrower`
    """

    def __init__(self, part, limits, *, n_outputs=1, monotone, interactions, n_threads=1, feature_order=None):
        self.part, self.n_outputs, self.n_threads = part, n_outputs, n_threads
        given = limits, n_outputs, monotone, interactions, feature_order
        self._own = given_fields(part, *given)
        empty = part._replace(codes=part.codes[:0], columns=np.ascontiguousarray(part.columns[:, :0]))
        self._memory = GrowthMemory.of_leader(given_fields(empty, *given), part.n_rows)
        self._has_categories, self._symmetric = bool(part.is_categorical.any()), limits.policy == SYMMETRIC
        n_here, most_channels = len(part.codes), n_outputs + (limits.min_samples_leaf > 1)
        self._rows = np.empty((2, n_here), np.uint32)
        self._packed = np.empty((2, n_here * most_channels), np.int64)
        self._goes_left = np.empty(n_here, np.uint8)
        self._ranges = np.zeros((self._memory.sizes["max_nodes"], 3), np.int64)
        self._place = np.zeros(len(Place._fields), np.int64)

    def grow(self, targets, seed, rows=None, features=None, output=0):
        """The PartGrowth of a tree; see `TreeGrower.grow`.  targets : PartTargets;  rows : those of this part"""
        arrays, n_here = self._memory.arrays, len(self.part.codes)
        n_drawn, n_active = n_here if rows is None else len(rows), len(arrays["features"])
        self._rows[0, :n_drawn] = np.arange(n_here, dtype=np.uint32) if rows is None else rows
        self._ranges[0] = 0, n_drawn, 0
        if features is not None:
            n_active = len(features)
            arrays["features"][:n_active] = features
        self._features = np.arange(n_active) if features is None else features
        place = self._begin(targets, output, n_drawn, n_active, seed)
        while place.phase != LEAVES:
            if place.phase == CHILDREN:
                place = self._fill(place, [node for node in (place.small, place.big) if node >= 0])
            elif place.phase == COUNT:
                place = self._count(targets)
            elif place.phase == LEVEL_SCAN:
                place = self._after(scan_level)
            else:
                place = self._split_level(place) if self._symmetric else self._split(place)
        return self._finish(place, targets, output)

    def _after(self, kernel, *arguments):
        """Where the leader stands after one of its kernels."""
        kernel(*arguments, self._place, self._memory.state)
        return Place(*self._place.tolist())

    # -- the root ----------------------------------------------------------------------------------------------------

    def _begin(self, targets, output, n_drawn, n_active, seed):
        """Scales by the sums of all parts, packed targets, and the root."""
        outputs = range(output, output + self.n_outputs)
        n_rows = int(self.part.exchange.sum(np.array([n_drawn]))[0])
        sums = self._sums(targets, outputs, n_drawn)
        marker = np.zeros(int(targets.is_weighted))
        place = self._after(begin_tree, n_rows, n_active, seed, output, marker, targets.whole, targets.n_units, sums)
        arrays, totals = self._memory.arrays, np.zeros(place.n_channels, np.int64)
        for channel in range(place.n_channels):
            k = channel if channel < self.n_outputs else -1
            totals[channel] = pack_part(
                targets.gradient[output + max(k, 0)], targets.hessian[output + max(k, 0)], targets.weight,
                targets.whole, 1.0 / arrays["gradient_unit"][k], 1.0 / arrays["hessian_unit"][k], self._rows[0],
                n_drawn, self._packed[0], place.n_channels, k,
            )  # fmt: skip
        return self._after(plant_root, self.part.exchange.sum(totals))

    def _sums(self, targets, outputs, n_drawn):
        """(n_outputs, 4) sums of |gradient| and hessian over all parts, and the bounds of the hessian."""
        here = np.empty((self.n_outputs, 4))
        for k, output in enumerate(outputs):
            sums_of_part(
                targets.gradient[output], targets.hessian[output], targets.weight, targets.whole, self._rows[0],
                n_drawn, here[k],
            )  # fmt: skip
        parts = np.array(self.part.exchange.gather(here))
        sums = np.stack([*parts[:, :, :2].sum(axis=0).T, parts[:, :, 2].min(axis=0), parts[:, :, 3].max(axis=0)], 1)
        for k, output in enumerate(outputs):
            if is_at_border(sums[k, 0], targets.n_units) or is_at_border(sums[k, 1], targets.n_units):
                cells = np.zeros((2, N_EXPONENTS), np.int64)
                exponents_of_part(
                    targets.gradient[output], targets.hessian[output], targets.weight, self._rows[0], n_drawn, cells
                )
                exact = self.part.exchange.sum(cells)
                sums[k, :2] = sum_of_exponents(exact[0]), sum_of_exponents(exact[1])
        return sums

    # -- splits ------------------------------------------------------------------------------------------------------

    def _move_rows(self, node_ids, left_ids):
        """Move the rows of nodes to their children; returns how many rows of all parts go left."""
        arrays, counts = self._memory.arrays, np.empty(len(node_ids), np.int64)
        n_channels = int(self._place[6])
        split_part(
            node_ids, left_ids, arrays["nodes"], arrays["words"], self.part.columns, self._rows, self._packed,
            n_channels, self._goes_left, self._ranges, counts,
        )  # fmt: skip
        return self.part.exchange.sum(counts)

    def _split(self, place):
        counts = self._move_rows(np.array([place.node_id]), np.array([place.n_nodes]))
        return self._after(adopt_split, int(counts[0]))

    def _split_level(self, place):
        node_ids = np.arange((1 << place.level) - 1, (1 << (place.level + 1)) - 1)
        small_ids = np.empty(len(node_ids), np.int64)
        counts = self._move_rows(node_ids, 2 * node_ids + 1)
        place = self._after(adopt_level, counts, small_ids)
        if place.phase == LEAVES:
            return place
        return self._after(adopt_level_sums, self._filled(place, small_ids), small_ids)

    def _fill(self, place, node_ids):
        return self._after(adopt_sums, self._filled(place, np.array(node_ids)))

    def _filled(self, place, node_ids):
        """Histograms of nodes, over the rows of all parts."""
        own, histograms = self._own, np.zeros(len(node_ids) * place.n_cells, np.int64)
        words = own["words_of_codes"] if len(self._features) == len(own["cells"]) else own["words_of_codes"][:0]

        def fill(first, last):
            fill_part(
                node_ids, self._ranges, words, own["usual_words"], self.part.codes, self._rows, self._packed,
                histograms, place.n_cells, own["shift"], place.n_channels, self._features, own["cells"], first, last,
            )  # fmt: skip

        for_blocks(fill, len(self._features), TILE_FEATURES, self.n_threads)
        return self.part.exchange.sum(histograms)

    def _count(self, targets):
        """Count the rows of the children whose best split may leave too few of them."""
        node_ids = np.empty(2, np.int64)
        unsure_nodes(node_ids, self._memory.state)
        counts = np.zeros((2, len(self._own["codes_in_order"]) + 2), np.int64)
        for side in np.flatnonzero(node_ids >= 0):
            feature = int(self._memory.arrays["nodes"]["feature"][node_ids[side]])
            count_part(
                node_ids[side], feature, self.part.columns, self._own["n_codes"], self._rows, self._ranges,
                targets.weight, targets.whole, counts[side],
            )  # fmt: skip
        return self._after(adopt_counts, node_ids, self.part.exchange.sum(counts))

    # -- leaves ------------------------------------------------------------------------------------------------------

    def _finish(self, place, targets, output):
        state, arrays = self._memory.state, self._memory.arrays
        nodes = arrays["nodes"][: place.n_nodes].copy()
        leaves = np.flatnonzero(nodes["left"] == NO_CHILD)
        sums = np.empty((self.n_outputs, len(leaves), 2), np.int64)
        for k in range(self.n_outputs):
            leaf_sums_of_part(
                leaves, self._ranges, self._rows, targets.gradient[output + k], targets.hessian[output + k],
                targets.weight, targets.whole, arrays["fine_gradient"][k], arrays["fine_hessian"][k], sums[k],
            )  # fmt: skip
        set_leaves(leaves, self.part.exchange.sum(sums), state)
        tree = GrownTree(
            nodes=nodes,
            values=arrays["values"][: place.n_nodes].copy(),
            cover=arrays["cover"][: place.n_nodes].copy(),
            words=arrays["words"][: place.n_nodes].copy() if self._has_categories else arrays["words"][:0],
            output=ALL_OUTPUTS if self.n_outputs > 1 else output,
            symmetric=self._symmetric,
        )
        leaf_of_row = np.full(len(self.part.codes), -1, np.int32)
        leaves_of_part(leaves, self._ranges, self._rows, leaf_of_row)
        others = np.flatnonzero(leaf_of_row < 0).astype(np.uint32)
        rows = np.flatnonzero(leaf_of_row >= 0).astype(np.uint32)
        leaf_of_row[others] = leaves_of(tree, self.part, others)
        return PartGrowth(tree, leaf_of_row, rows)
