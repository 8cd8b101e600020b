"""CodedFeatures: what trees see of some rows, coded once for the trees of all columns, sizes and chains."""

from typing import NamedTuple

import numpy as np

from skensemble._random import draw_seed, generator
from skensemble._validation import read_table
from skensemble.tree._binning import Binner
from skensemble.tree.estimators._tree_structure import TreeStructure
from skensemble.tree.exact._cart_grower import CartGrower
from skensemble.tree.exact._cart_limits import CartLimits
from skensemble.tree.exact._cart_targets import ClassTarget, NumberTarget
from skensemble.tree.exact._coded_table import CodedTable

MAX_BINS = 255


class CodedFeatures(NamedTuple):
    """Features of rows, and their codes.

    values : (n_rows, n_features) float64, levels by their numbers;  categorical : positions of levels
    binner : Binner that coded them;  coded : CodedTable; both None without features
    """

    values: np.ndarray
    categorical: list
    binner: Binner | None
    coded: CodedTable | None

    @classmethod
    def of(cls, values, categorical, weight, n_threads=1):
        if values.shape[1] == 0:
            return cls(values, [], None, None)
        table = read_table(values)
        binner = Binner(MAX_BINS, list(categorical) or None).fit(table, weight, n_threads)
        return cls(values, list(categorical), binner, CodedTable.of(binner, table, n_threads=n_threads))

    def of_features(self, features):
        """The same of some features, in the order that is asked for."""
        if len(features) == 0:
            return CodedFeatures(self.values[:, :0], [], None, None)
        categorical = [k for k, feature in enumerate(features) if feature in self.categorical]
        coded = self.coded.of_features(features)
        return CodedFeatures(self.values[:, features], categorical, self.binner.of_features(features), coded)

    def head(self, n):
        """The same of the first rows."""
        return self._replace(values=self.values[:n], coded=self.coded.take(slice(n)))


class TreesOfColumn:
    """Grows trees that part rows by their features, so that the cells of a column are much alike in their leaves.

    features : CodedFeatures;  cells : the cells of the column;  codes : (n_rows,), cell of each row
    """

    def __init__(self, features, cells, codes):
        self.features, self.n_rows = features, len(codes)
        self._grower = None
        if features.values.shape[1] > 0 and cells.n_cells > 1:
            target = cells.as_target(codes)
            if cells.is_level:
                target, criterion = ClassTarget(target[np.newaxis], np.array([cells.n_cells])), "gini"
            else:
                target, criterion = NumberTarget(np.ascontiguousarray(target.T, np.float64)), "squared_error"
            self._grower = CartGrower(None, None, target, CartLimits(criterion), coded=features.coded)

    @property
    def can_grow(self):
        """Whether there is a feature to part rows by, and more than one cell."""
        return self._grower is not None

    def grow(self, weight, min_weight):
        """(TreeStructure, leaf of each row, those of weight 0 included);  min_weight : minimum weight of a leaf"""
        min_weight = min(min_weight, 0.5 * weight.sum())
        tree, leaf, _ = self._grower.grow_with_leaves(draw_seed(generator(0)), weight, min_weight)
        tree = tree._replace(values=np.zeros((tree.n_nodes, 1)))  # leaves are all that is asked for
        return TreeStructure(tree, self.features.binner, self.features.values.shape[1]), leaf.astype(np.int64)
