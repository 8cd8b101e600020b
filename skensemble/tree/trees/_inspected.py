"""What fitted models of trees show of themselves: their trees, and how they predict tables of changed cells."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skensemble._notebook_summary import one_dimensional
from skensemble.tree.trees._additive_trees import IDENTITY, Link
from skensemble.tree.trees._trees_frame import trees_frame

if TYPE_CHECKING:
    from skensemble._types import DataFrame


CURVES = ("train_score_", "validation_score_")  # scores by round


class Predictor(NamedTuple):
    """How a model predicts tables.

    raw : callable, (Table, number of threads) -> raw predictions (n_samples, n_outputs)
    binner : its `encode` reads tables, and `is_categorical_` and `categories_` say what it knows of columns
    link : Link
    output_names : tuple of the names of the raw outputs, or None
    """

    raw: Callable
    binner: object
    link: Link = IDENTITY
    output_names: tuple | None = None


class Inspected:
    """Of estimators whose trees and predictions can be looked into; they have `_additive_trees`."""

    def _shown_trees(self):
        """AdditiveTrees, also of models that are more than their sum; a ValueError says why if there are none."""
        return self._additive_trees()

    def _predictor(self):
        """Predictor; a ValueError says why if tables cannot be predicted."""
        additive = self._additive_trees()
        return Predictor(additive.raw, additive.binner, additive.link, additive.output_names)

    def _tree_estimator(self, number):
        """The tree of that number as a fitted estimator, if it predicts by itself; else None."""
        return None

    def trees_to_dataframe(self) -> DataFrame:
        """All trees as a table with a row for each node.

        Returns
        -------
        frame : DataFrame
            See `skensemble.inspection.trees_to_dataframe`.
        """
        return trees_frame(self._shown_trees(), feature_names(self))

    # -- in notebooks ------------------------------------------------------------------------------------------------

    def _facts(self):
        try:
            yield from tree_facts(self._shown_trees().trees)
        except ValueError:  # no trees
            pass
        for name in ("n_iter_", "n_estimators_"):
            if hasattr(self, name):
                allowed = self.n_estimators
                of = f" of {allowed}" if isinstance(allowed, Integral) and allowed != getattr(self, name) else ""
                yield "rounds", f"{getattr(self, name)}{of}"
                break
        for name, scores in zip(CURVES, self._curves(), strict=True):
            if len(scores):
                yield f"last {name.strip('_').replace('_', ' ')}", f"{scores[-1]:.6g}"
        oob_score = getattr(self, "oob_score_", None)
        if isinstance(oob_score, (float, np.floating)):
            yield "out-of-bag score", f"{oob_score:.6g}"

    def _curves(self):
        return tuple(one_dimensional(getattr(self, name, ())) for name in CURVES)

    def _bars(self):
        try:
            return "feature importances", feature_names(self), np.asarray(self.feature_importances_, np.float64)
        except (AttributeError, ValueError):  # learners without them, slim files
            return None


def tree_facts(trees):
    """Facts about TreeArrays for notebooks."""
    depth = int(trees.depth.max(initial=0))
    yield "trees", f"{trees.n_trees} with {int(trees.n_leaves.sum())} leaves, depth {depth}"


def feature_names(model):
    """Labels of the columns that a model was fitted to, as they were; x0, x1, ... of arrays."""
    for name in ("feature_names_in_", "_column_labels"):
        labels = getattr(model, name, None)
        if labels is not None:
            return list(labels)
    return [f"x{j}" for j in range(model.n_features_in_)]
