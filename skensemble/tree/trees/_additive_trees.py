"""One view of every model that adds up trees: boosters, forests, single trees, AdaBoost where it votes by a sum."""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from skensemble.tree.trees._leaf_slopes import staged_raw_with_slopes
from skensemble.tree.trees._one_row import OneRowLayout
from skensemble.tree.trees._prediction import (
    FEW_ROWS,
    SparseRows,
    apply_trees,
    compile_trees,
    decision_path,
    predict_raw,
    staged_raw,
)
from skensemble.tree.trees._tree_arrays import TreeArrays, concatenate

MOST_COPIED = 1 << 20  # nodes of trees of which a copy for single rows is made


def _unchanged(raw):
    return raw


class Link(NamedTuple):
    """From raw predictions to the response, what `predict` or `predict_proba` returns."""

    name: str  # of the link function: "identity", "log", "logit", "softmax", ...
    response: object = _unchanged  # callable: raw predictions (n_samples, n_outputs) -> the response, rows first
    slope: float = 1.0  # what raw predictions are multiplied by before they go into the inverse of that function


IDENTITY = Link("identity")


@dataclass(frozen=True, eq=False)
class AdditiveTrees:
    """A model whose raw prediction of a row is a baseline plus what the row's leaf of each tree adds.

        raw[k] = baseline[k] + sum over the trees t for output k of  scale[t] * (value of the row's leaf in tree t)

    and the value of a leaf with slopes is  value + sum of slope * (x - mean),  or `value` if one of these x is missing.

    `scale` is multiplier / divisor: the additions are those of multiplier * value, in the order of the trees, and the
    sum is divided once at the end. So a forest is the sum of its trees divided by their number (no multiplier, divisor
    n_trees), DART has a multiplier for each tree, gradient boosting its learning rates.

    Make it once for a fitted model and keep it beside the model: the first prediction compiles the layout that the
    kernels read (`compiled` does it at once). What is derived is not pickled.

    Parameters
    ----------
    trees : TreeArrays
        Its `output` says which output each tree adds to.
    binner : Binner
        Its `encode` makes of a Table the numbers that the trees compare.
    baseline : ndarray of shape (n_outputs,), float64
        Raw prediction without any tree.
    multiplier : ndarray of shape (n_trees,) or None
        None: 1 for each tree.
    divisor : float
        Of the sum over the trees; the baseline is not divided.
    node_weight : ndarray of shape (n_nodes,) or None
        Sums of the sample weights of the rows that grew the trees, never hessians. None where rows have no weights:
        then it is their number, `trees.count`.
    link : Link
        From raw predictions to the response.
    output_names : tuple or None
        Of the outputs: class labels, levels of quantiles. None: they have no names.
    slopes : LeafSlopes or None
        What the leaves add to their values: linear functions of numbers of the row. None: nothing. There is no
        multiplier or divisor beside slopes.
    """

    _DERIVED = ("layout", "one_row", "added_values", "_lines")

    trees: TreeArrays
    binner: object
    baseline: np.ndarray
    multiplier: np.ndarray | None = None
    divisor: float = 1.0
    node_weight: np.ndarray | None = None
    link: Link = IDENTITY
    output_names: tuple | None = None
    slopes: object = None

    def __post_init__(self):
        if self.node_weight is None:
            object.__setattr__(self, "node_weight", self.trees.count)

    @property
    def n_outputs(self):
        return len(self.baseline)

    @property
    def scale(self):
        """(n_trees,) factor of each tree's values in the raw prediction."""
        return (np.ones(self.trees.n_trees) if self.multiplier is None else self.multiplier) / self.divisor

    @cached_property
    def added_values(self):
        """(n_nodes, n_values) the values times the multiplier of their tree: what is added, before any division."""
        if self.multiplier is None:
            return self.trees.values
        return self.trees.values * self.multiplier[self.trees.tree_of_node, None]

    @cached_property
    def layout(self):
        """PredictionLayout of what the trees add."""
        return self._compile(1)

    def _compile(self, n_threads):
        return compile_trees(self.trees._replace(values=self.added_values), n_threads)

    @cached_property
    def one_row(self):
        """OneRowLayout: what adds the trees for one row at a time."""
        return OneRowLayout.of(self.layout, self.trees.depth, *(() if self.slopes is None else self._lines))

    def compiled(self, n_threads=1):
        """This view, ready to predict: no prediction changes it any more."""
        if "layout" not in self.__dict__:
            self.__dict__["layout"] = self._compile(n_threads)
        return self

    # -- parts and sums ----------------------------------------------------------------------------------------------

    def part(self, first, last):
        """The model of the trees first .. last - 1, with the same baseline and divisor."""
        bounds = self.trees.bounds
        return replace(
            self,
            trees=self.trees.part(first, last),
            multiplier=None if self.multiplier is None else self.multiplier[first:last],
            node_weight=self.node_weight[bounds[first] : bounds[last]],
            slopes=None if self.slopes is None else self.slopes.part(*bounds[[first, last]]),
        )

    def joined(self, other):
        """The model of these trees and those of another one with the same divisor and outputs; baselines add up."""
        scales = [model.multiplier for model in (self, other)]
        if any(scale is not None for scale in scales):
            counts = (self.trees.n_trees, other.trees.n_trees)
            scales = [np.ones(n) if scale is None else scale for scale, n in zip(scales, counts)]
        return replace(
            self,
            trees=concatenate([self.trees, other.trees]),
            baseline=self.baseline + other.baseline,
            multiplier=None if scales[0] is None else np.concatenate(scales),
            node_weight=np.concatenate([self.node_weight, other.node_weight]),
            slopes=None if self.slopes is None else self.slopes.extended([other.slopes]),
        )

    def tempered(self, temperature):
        """The model with all raw predictions divided by `temperature`."""
        return replace(
            self,
            trees=self.trees._replace(values=self.trees.values / temperature),
            baseline=self.baseline / temperature,
            slopes=None if self.slopes is None else self.slopes.divided(temperature),
        )

    # -- predictions for a Table -------------------------------------------------------------------------------------

    def raw(self, table, n_threads=1):
        """(n_samples, n_outputs) raw predictions; the same bits for any number of rows and threads."""
        encode, n_rows = self.encoder(table), table.n_samples
        if n_rows <= FEW_ROWS and self.trees.n_nodes <= MOST_COPIED:
            raw = self._raw_row_by_row(np.array(encode(0, n_rows), np.float64, order="C"))
        elif self.slopes is None:
            raw = predict_raw(self.layout, encode, n_rows, self._start, n_threads)
        else:
            (raw,) = staged_raw_with_slopes(*self._with_slopes(table, encode), [self.trees.n_trees], n_threads)
        return self._finished(raw)

    def _raw_row_by_row(self, cells):
        raw = np.empty((len(cells), self.n_outputs))
        raw[:] = self._start
        for row, own in zip(cells, raw):
            self.one_row.add(row, own)
        return raw

    def _with_slopes(self, table, encode):
        return self.layout, self._lines, encode, table.n_samples, self._start

    @cached_property
    def _lines(self):
        """The slopes as kernels of predictions read them."""
        return self.slopes.lines()

    def staged_raw(self, table, stages, n_threads=1):
        """Yield the raw predictions of the first stages[0] trees, of the first stages[1] and so on; stages ascend.

        The divisor is that of all trees.
        """
        encode, n_rows = self.encoder(table), table.n_samples
        if self.slopes is None:
            made = staged_raw(self.layout, encode, n_rows, self._start, stages, n_threads)
        else:
            made = staged_raw_with_slopes(*self._with_slopes(table, encode), stages, n_threads)
        for raw in made:
            yield self._finished(raw)

    def apply(self, table, n_threads=1):
        """(n_samples, n_trees) int32: the leaf of each row in each tree, counted from the root of the tree."""
        return apply_trees(self.layout, self.encoder(table), table.n_samples, n_threads)

    def decision_path(self, table, n_threads=1):
        """CSR indicator (n_samples, n_nodes) of the nodes each row passes, and the bounds of the trees' columns."""
        return decision_path(self.trees, self.apply(table, n_threads))

    @property
    def _start(self):
        """What the trees are added to: the baseline, unless the sum is divided before."""
        return self.baseline if self.divisor == 1.0 else np.zeros(self.n_outputs)

    def _finished(self, raw):
        if self.divisor != 1.0:
            raw /= self.divisor
            raw += self.baseline
        return raw

    def encoder(self, table):
        """encode(start, stop): rows of a Table as the trees read them."""
        self.binner.prepare(table)  # here, not in a thread: its warnings show the user's line
        encode = self.binner.encode
        rows = partial(encode, table)
        return SparseRows(rows, table.stored) if self.binner.reads_sparse(table) else rows

    def __getstate__(self):
        return {name: value for name, value in self.__dict__.items() if name not in self._DERIVED}
