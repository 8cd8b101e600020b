"""DART: dropouts meet multiple additive regression trees (Rashmi & Gilad-Bachrach 2015), with XGBoost's choices.

A round leaves some trees out, grows its own on the gradients of what the others predict, and scales the new tree and
those that it left out, so that their sum is about as large as theirs was.  With learning rate eta and k = 2 left out:

    raw predictions before         t0 +         t1 + t2 +         t3
    left out                                    t1      +         t3
    the gradients are those of     t0      +         t2                  and a new tree t4 grows on them
    raw predictions after          t0 + factor*t1 + t2 + factor*t3 + new*t4

    normalize_type="tree"          factor = k / (k + eta)      new = 1 / (k + eta)      (their algorithm 1: eta = 1)
    normalize_type="forest"        factor = 1 / (1 + eta)      new = 1 / (1 + eta)

What is left out together, and scaled together, is called a learner: all trees of a round that add to the same output.

No tree is walked twice: the leaf of each row in each tree is kept, in a byte for a tree of at most 256 nodes, so that
moving a tree in or out costs one look-up per row.  Later rounds scale earlier trees; so a model keeps the unscaled
values, and what each round did, from which the scales after any round, and raw predictions to the last bit, come back.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble._random_bits import mixed_seed
from skensemble.ensemble.newton._dart_kernels import add_tables
from skensemble.ensemble.newton._gradient_trees import GradientTrees
from skensemble.ensemble.newton._parted_rounds import InParts
from skensemble.ensemble.newton._tree_rounds import TreeRounds
from skensemble.tree.histogram._grown_trees import leaves_of
from skensemble.tree.trees._prediction import apply_trees

BLOCK = 1 << 14  # rows: their leaves in 16 trees fit a cache of 256 KB

WORTH_THREADS = 1 << 21  # look-ups; fewer take a millisecond

MOST_LEAVES = 1 << 23  # node numbers of 4 bytes that are held at once, before they are kept as bytes

DROP_STREAM = -1  # of a round's seed; what the trees draw has streams >= 0


class Dropout(NamedTuple):
    """Which learners are left out, and what happens to their scales."""

    rate: float  # share of them
    skip: float  # probability that none is left out
    one: bool  # otherwise at least one is
    weighted: bool  # drawn in proportion to their scales
    forest: bool  # the new learner weighs as much as all that were left out, not as each of them

    def draw(self, scales, seed):
        """Learners to leave out, ascending."""
        rng, n_learners = np.random.default_rng(seed), len(scales)
        if rng.random() < self.skip or n_learners == 0:
            return np.zeros(0, np.int64)
        share = scales / scales.sum() if self.weighted else np.full(n_learners, 1.0 / n_learners)
        chosen = np.flatnonzero(rng.random(n_learners) < self.rate * n_learners * share)
        if self.one and len(chosen) == 0:
            chosen = rng.choice(n_learners, 1, p=share)
        return chosen

    def scales(self, n_dropped, learning_rate):
        """(factor of the scales of those left out, scale of the new one), each shaped like `n_dropped`."""
        n_dropped = np.asarray(n_dropped, np.float64)
        heaviest = np.ones_like(n_dropped) if self.forest else n_dropped
        factor, new = heaviest / (heaviest + learning_rate), 1.0 / (heaviest + learning_rate)
        return np.where(n_dropped > 0, factor, 1.0), np.where(n_dropped > 0, new, 1.0)


class Rescaling(NamedTuple):
    """How a round scaled the learners that it had dropped, and its own."""

    learners: np.ndarray  # (n_dropped,) int64, ascending: those that were dropped
    factors: np.ndarray  # (n_dropped,) of their scales
    new: np.ndarray  # (n_learners of a round,) scales of its own

    def applied(self, scales):
        """Scales after the round."""
        scales = scales.copy()
        scales[self.learners] *= self.factors
        return np.concatenate((scales, self.new))


def scales_after(rescalings):
    """Scale of each learner after rounds with these rescalings."""
    scales = np.zeros(0)
    for rescaling in rescalings:
        scales = rescaling.applied(scales)
    return scales


class RoundShape(NamedTuple):
    """Which trees a round grows: those of all outputs, one after another, `n_parallel` times."""

    n_learners: int  # 1, or one for each output
    n_parallel: int

    def learner_of(self, trees):
        """Learners are numbered by round, then by output."""
        return trees // (self.n_learners * self.n_parallel) * self.n_learners + trees % self.n_learners

    def trees_of(self, learners):
        """All trees of some learners, ascending."""
        number, output = np.divmod(np.asarray(learners, np.int64), self.n_learners)
        first = number * self.n_learners * self.n_parallel + output
        return np.sort((first[:, None] + np.arange(self.n_parallel) * self.n_learners).reshape(-1))


class ScaledTrees:
    """The trees so far, unscaled, and their scales; moves raw predictions of rows whose leaves are known.

    values : list of (n_nodes, n_values) float64, one for each tree
    """

    def __init__(self, shape, values=(), rescalings=(), n_threads=1):
        self.shape, self.values, self.rescalings, self.n_threads = shape, list(values), list(rescalings), n_threads
        self.scales = scales_after(rescalings)

    def move(self, raw, leaves, trees, sign, first_row=0):
        """raw += sign * the scaled `trees`, one after another, of the rows whose leaves are known.

        raw : (n_outputs, n_samples);  leaves : list of (n_rows,) node numbers, one array for each tree
        first_row : of these rows, among all in raw
        """
        scales = sign * self.scales[self.shape.learner_of(trees)]
        columns = [
            (leaves[tree], self._output(tree, k), scale * column)
            for tree, scale in zip(trees, scales)
            for k, column in enumerate(self.values[tree].T)
        ]
        if not columns:
            return
        leaf_of_row, outputs, tables = zip(*columns)
        outputs, bounds = np.array(outputs), np.cumsum([0, *map(len, tables)])
        tables = np.concatenate(tables)

        def add(start, stop):
            block = np.stack([leaf[start:stop] for leaf in leaf_of_row])
            add_tables(raw, first_row + start, block, outputs, tables, bounds)

        n_rows = len(leaf_of_row[0])
        n_threads = self.n_threads if n_rows * len(leaf_of_row) >= WORTH_THREADS else 1
        for_blocks(add, n_rows, BLOCK, n_threads)

    def _output(self, tree, k):
        """The output that value k of a tree adds to: a tree has one value and an output of its own, or all."""
        return k if self.values[tree].shape[1] > 1 else tree % self.shape.n_learners

    def finish_round(self, rescaling, values, moved):
        """Rescale, put back the learners that were dropped, and add the round's own trees, whose values are given.

        moved : triples (raw, leaves, first_row), see `move`
        """
        own = np.arange(len(self.values), len(self.values) + len(values))
        self.values += values
        self.rescalings.append(rescaling)
        self.scales = rescaling.applied(self.scales)
        for raw, leaves, first_row in moved:
            trees = np.concatenate((self.shape.trees_of(rescaling.learners), own))
            self.move(raw, leaves, trees, 1.0, first_row)


def replay(trees, raw, leaves):
    """Bring `raw`, the predictions before the first round, to those after each round of ScaledTrees; yields it.

    What the rounds did is done again, in the same order, so that not a bit differs.
    """
    past = ScaledTrees(trees.shape, n_threads=trees.n_threads)
    n_trees = trees.shape.n_learners * trees.shape.n_parallel
    for number, rescaling in enumerate(trees.rescalings):
        past.move(raw, leaves, trees.shape.trees_of(rescaling.learners), -1.0)
        past.finish_round(rescaling, trees.values[number * n_trees : (number + 1) * n_trees], [(raw, leaves, 0)])
        yield raw


class DartRound(NamedTuple):
    """What a round has grown, as TreeRound, and how it rescaled."""

    trees: list
    node_weights: list
    rescaling: Rescaling


class DartRounds(TreeRounds):
    """Rounds of DART, after those of `past` (ScaledTrees), whose leaves the training data know."""

    def __init__(self, loss, train, held_out, settings, dropout, past):
        super().__init__(loss, train, held_out, settings)
        self._dropout, self._trees = dropout, past
        self._moved = [data for data in (train, held_out) if data is not None]

    def goes_on(self, settings, dropout, past):
        return super().goes_on(settings) and self._dropout == dropout

    def round(self, number):
        trees, shape = self._trees, self._trees.shape
        dropout, seed = self._dropout, mixed_seed(self.settings.seed, number)
        dropped = dropout.draw(trees.scales, mixed_seed(seed, DROP_STREAM))
        for data in self._moved:
            trees.move(data.raw, data.leaves, shape.trees_of(dropped), -1.0, data.here.start)
            data.leaves.extend([None] * (shape.n_learners * shape.n_parallel))
        grown = super().round(number)
        n_dropped = np.bincount(dropped % shape.n_learners, minlength=shape.n_learners)
        factors, new = dropout.scales(n_dropped, self.settings.learning_rate)
        rescaling = Rescaling(dropped, factors[dropped % shape.n_learners], new)
        values = [tree.values for tree in grown.trees]
        trees.finish_round(rescaling, values, [(data.raw, data.leaves, data.here.start) for data in self._moved])
        return DartRound(*grown, rescaling)

    def _move(self, growth, place):
        """Keep the leaves; the rows move when the round knows all of its trees."""
        tree = growth.tree
        place += len(self._trees.values)
        self.train.leaves[place] = compact(growth.leaf_of_row, len(tree.nodes))
        if self.held_out is not None:
            rows = np.arange(self.held_out.binned.n_samples, dtype=np.uint32)
            self.held_out.leaves[place] = compact(leaves_of(tree, self.held_out.binned, rows), len(tree.nodes))


class PartedDartRounds(InParts, DartRounds):
    """The same, of rows in several parts."""


# -- the model -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class DartTrees(GradientTrees):
    """Trees whose multipliers in `additive` are the scales that the last round left them with.

    rescalings : tuple of a Rescaling for each round
    """

    rescalings: tuple = ()
    allows_blocks = False
    _kinds_of_rounds = DartRounds, PartedDartRounds

    @classmethod
    def training_data(cls, binner, table, target, weight, start, n_threads):
        data = super().training_data(binner, table, target, weight, start, n_threads)
        data.leaves = []
        return data

    def recall(self, data, table, n_threads):
        leaves_of_parts = table.each_part(lambda _, part: self._leaves(part, n_threads))
        data.leaves = [np.concatenate(of_tree) for of_tree in zip(*leaves_of_parts)]

    def moves_exactly(self, data):
        return True  # see `replay`

    def fill_raw(self, data, n_threads):
        super().fill_raw(data, n_threads)
        for _ in replay(self._scaled_trees(n_threads), data.raw, data.leaves):
            pass
        data.leaves = [leaf[data.here] for leaf in data.leaves]  # those of other processes are not needed any more

    def rounds(self, request):
        parameters = request.parameters
        if parameters.linear_leaves:
            raise ValueError("linear_leaves must be False for booster='dart', got True.")
        dropout = Dropout(
            rate=float(parameters.rate_drop),
            skip=float(parameters.skip_drop),
            one=bool(parameters.one_drop),
            weighted=parameters.sample_type == "weighted",
            forest=parameters.normalize_type == "forest",
        )
        return self._rounds(request, dropout, self._scaled_trees(request.n_threads))

    def extended(self, rounds):
        rescalings = (*self.rescalings, *(round_.rescaling for round_ in rounds))
        additive = self._with_trees(rounds, multiplier=self._multiplier(rescalings))
        return DartTrees(additive, self.n_parallel, rescalings)

    def part(self, first, last):
        if first > 0:
            raise ValueError(
                f"rounds must begin with 0 for booster='dart', where later ones scale the first, got {first}."
            )
        rescalings = self.rescalings[:last]
        additive = replace(super().part(0, last).additive, multiplier=self._multiplier(rescalings))
        return replace(self, additive=additive, rescalings=rescalings)

    def joined(self, other):
        raise ValueError("booster must not be 'dart' to merge models: its rounds scale each other.")

    def _multiplier(self, rescalings):
        """(n_trees,) scale of each tree after rounds with these rescalings."""
        n_trees = len(rescalings) * self._shape.n_learners * self._shape.n_parallel
        return scales_after(rescalings)[self._shape.learner_of(np.arange(n_trees))]

    @property
    def _shape(self):
        return RoundShape(self.n_learners, self.n_parallel)

    def _scaled_trees(self, n_threads):
        trees = self.additive.trees
        values = np.split(trees.values, trees.roots[1:]) if trees.n_trees else []
        return ScaledTrees(self._shape, values, self.rescalings, n_threads)

    def _leaves(self, table, n_threads):
        sizes = np.diff(self.additive.trees.bounds)
        return compact_leaves(self.additive.layout, sizes, self.additive.encoder(table), table.n_samples, n_threads)

    def staged_raw(self, table, n_threads=1):
        """Later rounds scale earlier trees, so the rounds are done again."""
        raw = np.repeat(self.baseline[:, None], table.n_samples, axis=1)
        for stage in replay(self._scaled_trees(n_threads), raw, self._leaves(table, n_threads)):
            yield stage.T.copy()


# -- leaves ----------------------------------------------------------------------------------------------------------


def compact(leaf, n_nodes):
    """A copy of node numbers below `n_nodes`, in as few bytes as they need."""
    return leaf.astype(_dtype(n_nodes))


def _dtype(n_nodes):
    return np.uint8 if n_nodes <= 1 << 8 else np.uint16 if n_nodes <= 1 << 16 else np.int32


def compact_leaves(layout, sizes, encode, n_rows, n_threads):
    """List of (n_rows,) arrays: the leaf of every row of a table in each tree of a PredictionLayout.

    sizes : (n_trees,) number of nodes
    """
    leaves = [np.empty(n_rows, _dtype(size)) for size in sizes]
    block = max(1024, MOST_LEAVES // max(1, len(sizes)))
    for start in range(0, n_rows, block):
        stop = min(start + block, n_rows)
        found = apply_trees(layout, lambda a, b, start=start: encode(start + a, start + b), stop - start, n_threads)
        for leaf, column in zip(leaves, found.T):
            leaf[start:stop] = column
    return leaves
