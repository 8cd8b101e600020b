"""The tree that is drawn: of one fitted tree that tree, of a forest or a booster one of its trees."""

from types import SimpleNamespace

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skensemble._parameters import Interval, check_parameter
from skensemble.tree.estimators._tree_structure import TreeStructure
from skensemble.tree.trees._inspected import Inspected, feature_names


def read_tree(model, tree_index=0, output=None):
    """An object with what drawings ask of a fitted tree: `tree_` and attributes of estimators of one tree.

    Trees of forests and AdaBoost are fitted estimators themselves. Of other boosters it is a tree whose values are what
    it adds to the raw prediction, with `criterion`, None if it is grown on gradients, and `slopes` of its leaves.
    """
    check_is_fitted(model)
    if not isinstance(model, Inspected) and not hasattr(model, "tree_"):
        raise TypeError(
            f"decision_tree must be a fitted decision tree or an ensemble of skensemble, got {type(model).__name__}."
        )
    shown = model._shown_trees() if isinstance(model, Inspected) and not hasattr(model, "tree_") else None
    number = _number(shown, tree_index, output)
    if isinstance(model, Inspected):
        (model.tree_ if shown is None else shown).trees.check_complete("a drawing")
    if shown is None:
        return model
    member = model._tree_estimator(number)
    return _boosted_tree(model, shown, number) if member is None else member


def _number(additive, tree_index, output):
    """Number of the tree among all, from its number among those of an output."""
    numbers = np.arange(1 if additive is None else additive.trees.n_trees)
    if output is not None:
        if additive is None or additive.n_outputs == 1 or (additive.trees.output < 0).any():
            raise ValueError(f"output must be None, since no tree is for one of several outputs, got {output!r}.")
        names = list(range(additive.n_outputs)) if additive.output_names is None else list(additive.output_names)
        if output not in names:
            raise ValueError(f"output must be one of {[str(name) for name in names]}, got {output!r}.")
        numbers = np.flatnonzero(additive.trees.output == names.index(output))
    if not len(numbers):
        raise ValueError("decision_tree must have a tree, got a model without rounds.")
    check_parameter("tree_index", tree_index, (Interval(int, 0, len(numbers) - 1, closed="both"),))
    return int(numbers[tree_index])


def _boosted_tree(model, additive, number):
    trees = additive.trees._replace(values=additive.added_values).part(number, number + 1)
    tree = TreeStructure(trees, additive.binner, model.n_features_in_)
    names = {} if not hasattr(model, "feature_names_in_") else {"feature_names_in_": model.feature_names_in_}
    criterion = "squared_error" if len(trees.impurity) else None  # that of gradient boosting
    root, slopes = int(additive.trees.roots[number]), additive.slopes
    terms = None if slopes is None else _Terms(slopes, root, feature_names(model))
    return SimpleNamespace(tree_=tree, n_features_in_=model.n_features_in_, criterion=criterion, terms=terms, **names)


class _Terms:
    """What the leaves of a tree add besides their constant."""

    def __init__(self, slopes, root, names):
        self.slopes, self.root, self.names = slopes, root, names

    def of(self, node):
        """List of (name of the column, slopes (n_values,), means (n_values,)), but for slopes of 0."""
        entries = range(*self.slopes.start[self.root + node : self.root + node + 2].tolist())
        found = [(self.names[self.slopes.feature[k]], self.slopes.slope[k], self.slopes.mean[k]) for k in entries]
        return [(str(name), slope, mean) for name, slope, mean in found if slope.any()]
