"""What fitted models of trees show of themselves: their trees, and how they predict tables of changed cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skensemble.tree.trees._additive_trees import IDENTITY, Link
from skensemble.tree.trees._notebook_summary import notebook_summary
from skensemble.tree.trees._trees_frame import trees_frame

if TYPE_CHECKING:
    from skensemble._types import DataFrame


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

    def _repr_html_inner(self):
        return super()._repr_html_inner() + self._notebook_summary()

    def _repr_mimebundle_(self, **kwargs):
        shown = super()._repr_mimebundle_(**kwargs)
        if "text/html" in shown:
            shown["text/html"] += self._notebook_summary()
        return shown

    def _notebook_summary(self):
        """HTML of a fitted model; nothing before."""
        try:
            check_is_fitted(self)
        except NotFittedError:
            return ""
        try:
            trees = self._shown_trees().trees
        except ValueError:  # no trees
            trees = None
        return notebook_summary(self, trees, feature_names(self))


def feature_names(model):
    """Labels of the columns that a model was fitted to, as they were; x0, x1, ... of arrays."""
    for name in ("feature_names_in_", "_column_labels"):
        labels = getattr(model, name, None)
        if labels is not None:
            return list(labels)
    return [f"x{j}" for j in range(model.n_features_in_)]
