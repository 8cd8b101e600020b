"""Kinds of objects of autoregressive forests: cells of columns, and what trees say of them."""

import numpy as np

from skensemble.ensemble.newton._newton_boosting import NewtonBoostingClassifier, NewtonBoostingRegressor
from skensemble.generative.autoregressive._boosted_levels import BoostedLevels
from skensemble.generative.autoregressive._column_cells import LevelCells, NumberCells
from skensemble.generative.autoregressive._conditional import Conditional
from skensemble.generative.autoregressive._leaf_counts import Counts, LeafCounts
from skensemble.generative.autoregressive._local_shares import N_BINS, LocalShares
from skensemble.generative.autoregressive._normal_scores import NormalScores
from skensemble.generative.autoregressive._smooth_numbers import SmoothNumbers
from skensemble.generative.autoregressive._stepped_values import SteppedValues
from skensemble.generative.tables._column_formats import CategoryFormat
from skensemble.generative.tables._label_encoding import LabelEncoding
from skensemble.model_files._kinds import EstimatorKind, Kind, bare, require
from skensemble.model_files._rules import ANYTHING, Array, Each, Maybe, Number, Of, Whole
from skensemble.model_files._table_kinds import CONTAINERS, NUMBER_FORMATS
from skensemble.tree.estimators._decision_tree import DecisionTreeRegressor
from skensemble.tree.estimators._tree_structure import TreeStructure

_CELLS = {"n_cells": Whole(1), "total": Number(low=0.0), "missing": Whole(-1), "on_curve": Array("bool", None)}


def _check_scores(scores):
    require(len(scores.knots) == len(scores.scores) == len(scores.slopes) + 1 > 1, "slopes must lie between knots")
    for ends in (scores.knots, scores.scores):
        require(np.all(np.diff(ends) > 0), "knots and scores must ascend")
    require(np.all(scores.slopes > 0), "slopes must be above 0")


def _check_curve(curve):
    require(len(curve.knots) == len(curve.below) > 1, "there must be a share below each knot")
    require(np.all(np.diff(curve.knots) > 0) and np.all(np.diff(curve.below) > 0), "knots and shares must ascend")
    require(curve.below[0] == 0.0 and curve.below[-1] == 1.0, "shares below knots must go from 0 to 1")
    require(curve.lowest <= curve.highest, "lowest must not be above highest")
    require((curve.scale is None) == (not curve.locations), "a scale must come with locations")


def _check_local_shares(local):
    require(local.below.shape[1] == N_BINS + 1, f"below must have {N_BINS + 1} columns")
    require(np.all(np.diff(local.below, axis=1) > 0), "shares must ascend")
    require(np.all(local.below[:, [0, -1]] == [0.0, 1.0]), "shares must go from 0 to 1")
    require(len(local.below) == local.tree.tree_.node_count, "shares must be of the nodes")


def _check_stepped_values(stepped):
    n_values = len(stepped.values)
    require(stepped.step > 0.0, "step must be above 0")
    require(np.all(np.diff(stepped.values) > 0), "values must ascend")
    require(len(stepped.ends) == n_values + 1 and np.all(np.diff(stepped.ends) > 0), "values must have weights")
    require(len(stepped.first) == len(stepped.low) + 1 and stepped.first[-1] == n_values, "bins must have values")
    require(np.all(np.diff(stepped.first) > 0) and np.all(stepped.fresh <= 1.0), "bins must have values")
    require(np.all(stepped.n_steps <= 2.0**53), "bins must have at most 2**53 steps")


def _check_number_cells(cells):
    require(len(cells.on_curve) == cells.n_cells, "on_curve must have an entry for each cell")
    n_missing = int(cells.missing >= 0)
    require(cells.n_cells == len(cells.low) + n_missing, "n_cells must count bins, atoms and the missing value")
    require(cells.missing in (-1, len(cells.low)), "missing must be the last cell")
    require(np.all(cells.low <= cells.high), "low must not be above high")
    require(len(cells.ends) == len(cells.low) + 1, "ends must have an entry for each bin and one more")
    require((cells.stepped is None) == (cells.step == 0.0), "a step must come with its values")
    has_bins = cells.stepped is None or len(cells.stepped.low) == len(cells.low)
    require(has_bins, "values of a step must be of the bins")


def _check_counts(counts):
    require(np.all(np.diff(counts.keys) > 0), "keys must ascend")
    require(counts.keys[-1] < counts.n_cells * len(counts.total), "keys must be of nodes and cells")


def _check_leaf_counts(tree):
    n_nodes = 1 if tree.tree is None else tree.tree.node_count
    n_leaves = 1 if tree.tree is None else int(np.flatnonzero(tree.tree.children_left < 0).max()) + 1
    require(len(tree.ancestor_of) == n_nodes, "ancestor_of must have an entry for each node")
    require(np.all(tree.ancestor_of < len(tree.ancestors.total)), "ancestors must have counts")
    for counts in (tree.leaves, tree.values):
        require(counts is None or n_leaves <= len(counts.total) <= n_nodes, "leaves must have counts")


def _check_conditional(conditional):
    cells, n_cells = conditional.cells, conditional.cells.n_cells
    require(len(conditional.trees) > 0, "there must be a tree")
    require(len(conditional.shares) == n_cells, "shares must have an entry for each cell")
    has_values = conditional.value_strength is not None
    require(not has_values or (not cells.is_level and cells.stepped is not None), "values in leaves must be on a step")
    for tree in conditional.trees:
        require(tree.leaves.n_cells == tree.ancestors.n_cells == n_cells, "counts must be of the cells")
        require(has_values == (tree.values is not None), "counts of values must come with their strength")
        fits = not has_values or tree.values.n_cells == len(cells.stepped.values)
        require(fits, "counts must be of the values")
    has_curve = conditional.curve is not None
    require(has_curve == (conditional.curve_share > 0.0), "a curve must come with its share")
    require(not (has_curve and conditional.cells.is_level), "levels must be without a curve")
    has_boosted = conditional.boosted is not None
    require(has_boosted == (conditional.boosted_share > 0.0), "boosted levels must come with their share")
    if has_boosted:
        require(conditional.cells.is_level, "only levels may be boosted")
        classes = conditional.boosted.booster.classes_
        require(np.issubdtype(classes.dtype, np.integer), "classes of boosted levels must be cells")
        require(0 <= classes[0] and classes[-1] < n_cells, "classes of boosted levels must be cells")


def _check_forest(model):
    everything = list(range(model.n_features_in_))
    require(len(model._formats) == len(model._cells) == len(everything), "there must be cells for each column")
    for cells, column_format in zip(model._cells, model._formats, strict=True):
        require(cells.is_level == isinstance(column_format, CategoryFormat), "cells must fit their columns")
        n_values = len(column_format.levels) if cells.is_level else cells.n_cells
        require(cells.n_cells == n_values, "cells must be those of the levels")
    require(len(model.order_) == len(model._chains) > 0, "each chain must have an order")
    n_labels = 0 if model._labels is None else model._labels.n_columns
    for k, chain in enumerate(model._chains):
        require(sorted(model.order_[k]) == everything, "an order must name each column once")
        require(set(model.order_[k][: len(model._given)]) == set(model._given), "given columns must be first")
        require(len(chain) == len(model._modelled(k)), "a chain must model each column that is not given")
        for j, conditional in zip(model._modelled(k), chain, strict=True):
            require(conditional.cells.n_cells == model._cells[j].n_cells, "a chain must model the cells of columns")
            n_features = n_labels + model.order_[k].index(j)
            trees = [each.tree for each in conditional.trees if each.tree is not None]
            fits = all(tree.n_features == n_features for tree in trees)
            require(fits, "a tree must read the columns before its own")
            curve = conditional.curve
            models = [] if curve is None or curve.scale is None else [*curve.locations, curve.scale]
            models += [] if curve is None or curve.local is None else [curve.local.tree]
            models += [] if conditional.boosted is None else [conditional.boosted.booster]
            fits = all(model.n_features_in_ == n_features for model in models)
            require(fits, "a curve must read the columns before its own")
            require(len(conditional.seen) == len(conditional.categorical), "levels must be those of categories")
            require(all(k < n_features for k in conditional.categorical), "categories must be among the features")
            require(all(len(seen) > 0 for seen in conditional.seen), "levels that were seen must be said")


KINDS = [
    Kind("cells of levels", LevelCells, _CELLS, make=bare(LevelCells)),
    Kind(
        "cells of numbers",
        NumberCells,
        {
            **_CELLS,
            "step": Number(low=0.0),
            "unit": Number(),
            "low": Array("f8", None),
            "high": Array("f8", None),
            "centre": Number(),
            "scale": Number(low=0.0),
            "ranks": Array("f8", None),
            "ends": Array("f8", None, low=0.0),
            "axis": Of(NormalScores),
            "stepped": Maybe(Of(SteppedValues)),
        },
        make=bare(NumberCells),
        check=_check_number_cells,
    ),
    Kind(
        "values of a step",
        SteppedValues,
        {
            "low": Array("f8", "bins"),
            "n_steps": Array("f8", "bins", low=1.0),
            "fresh": Array("f8", "bins", low=0.0),
            "step": Number(low=0.0),
            "values": Array("f8", "values"),
            "ends": Array("f8", None, low=0.0),
            "first": Array("i8", None, low=0),
        },
        make=bare(SteppedValues),
        check=_check_stepped_values,
    ),
    Kind(
        "normal scores",
        NormalScores,
        {"knots": Array("f8", "knots"), "scores": Array("f8", "knots"), "slopes": Array("f8", None, low=0.0)},
        make=bare(NormalScores),
        check=_check_scores,
    ),
    Kind(
        "curve of numbers",
        SmoothNumbers,
        {
            "lowest": Number(),
            "highest": Number(),
            "locations": Each(Of(NewtonBoostingRegressor)),
            "scale": Maybe(Of(NewtonBoostingRegressor)),
            "knots": Array("f8", "knots"),
            "below": Array("f8", "knots", low=0.0),
            "local": Maybe(Of(LocalShares)),
        },
        make=bare(SmoothNumbers),
        check=_check_curve,
    ),
    Kind(
        "local shares",
        LocalShares,
        {"tree": Of(DecisionTreeRegressor), "below": Array("f8", "nodes", "bins", low=0.0)},
        make=bare(LocalShares),
        check=_check_local_shares,
    ),
    Kind("boosted levels", BoostedLevels, {"booster": Of(NewtonBoostingClassifier)}, make=bare(BoostedLevels)),
    Kind(
        "counts of cells",
        Counts,
        {
            "n_cells": Whole(1),
            "keys": Array("i8", "counts", low=0),
            "weights": Array("f8", "counts", low=0.0),
            "ends": Array("f8", "counts", low=0.0),
            "total": Array("f8", "nodes", low=0.0),
            "begin": Array("f8", "nodes", low=0.0),
        },
        make=bare(Counts),
        check=_check_counts,
    ),
    Kind(
        "counts of leaves",
        LeafCounts,
        {
            "min_samples_leaf": Whole(1),
            "seed": Whole(0),
            "tree": Maybe(Of(TreeStructure)),
            "ancestor_of": Array("i8", None, low=0),
            "leaves": Of(Counts),
            "ancestors": Of(Counts),
            "values": Maybe(Of(Counts)),
        },
        make=bare(LeafCounts),
        check=_check_leaf_counts,
    ),
    Kind(
        "conditional",
        Conditional,
        {
            "cells": Of(LevelCells, NumberCells),
            "min_samples_leaf": Whole(1),
            "strength": Number(low=0.0),
            "value_strength": Maybe(Number(low=0.0)),
            "trees": Each(Of(LeafCounts)),
            "categorical": Each(Whole(0)),
            "seen": Each(Array("bool", None)),
            "shares": Array("f8", None, low=0.0),
            "curve": Maybe(Of(SmoothNumbers)),
            "curve_share": Number(low=0.0, high=1.0),
            "boosted": Maybe(Of(BoostedLevels)),
            "boosted_share": Number(low=0.0, high=1.0),
        },
        make=bare(Conditional),
        check=_check_conditional,
    ),
    EstimatorKind(
        "AutoregressiveForest",
        {
            "_formats": Each(Of(CategoryFormat, *NUMBER_FORMATS)),
            "_cells": Each(Of(LevelCells, NumberCells)),
            "_container": Of(*CONTAINERS),
            "_labels": Maybe(Of(LabelEncoding)),
            "_given": Each(Whole(0)),
            "_chains": Each(Each(Of(Conditional))),
            "order_": Each(Each(Whole(0))),
            "min_samples_leaf_": Array("i8", None, low=0),
        },
        {"classes_": ANYTHING},
        check=_check_forest,
    ),
]
