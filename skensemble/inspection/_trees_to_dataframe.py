"""trees_to_dataframe: all trees of a model as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.utils.validation import check_is_fitted

from skensemble._parameters import ParameterError
from skensemble.tree.trees._inspected import Inspected

if TYPE_CHECKING:
    from skensemble._types import Any, DataFrame


def trees_to_dataframe(model: Any) -> DataFrame:
    """Make a table of all trees of a model, with a row for each node; the method of that name does the same.

    Nodes are numbered within their tree as in `apply`, 0 being the root, and columns and levels have the names of the
    table in `fit`.

    Parameters
    ----------
    model : object
        A fitted tree, forest or booster of trees of skensemble.

    Returns
    -------
    frame : DataFrame
        tree_index : number of the tree, in the order of `apply`.

        output : label or number of the output that the tree adds to, if each tree has one of several.

        node_index, node_depth : number of the node in its tree, and number of splits above it.

        parent_index, left_child, right_child : numbers of nodes; missing at roots and leaves.

        split_feature : label of the column; None at a leaf, as in the other columns about splits. Columns of arrays are
        "x0", "x1" and so on.

        decision_type : "<=" where numbers up to the threshold go left, "in" where some categories do.

        threshold : NaN at a leaf and at a split by categories; infinite where all numbers go left.

        categories : list of the levels that go left; None at other nodes. Levels that `fit` has not seen go with rare
        ones (see `min_frequency`), or with missing cells if no level was rare.

        missing_direction : "left" or "right", where rows with a missing cell go.

        split_gain : what the split has gained, as the trees measure it.

        hessian : sum of the second derivatives of the rows' losses, in Newton boosting only.

        impurity : impurity of the rows by the trees' criterion, in all other models.

        value : what the node adds to the raw prediction, or would if it were a leaf. The sum over a row's leaves, and
        the baseline, is the raw prediction; forests and AdaBoost divide the sum. Where leaves have several values,
        `value_<name>` for each.

        slopes, means : of linear leaves, dicts from columns to what a unit adds to the value, and to the column's mean
        in the leaf, from which units are counted.

        count, weighted_count : number of training rows, and sum of their weights.

    Raises
    ------
    ValueError, TypeError
        If the model is not fitted or has no trees of skensemble.

    Examples
    --------
    >>> from skensemble import NewtonBoostingRegressor
    >>> from skensemble.inspection import trees_to_dataframe
    >>> model = NewtonBoostingRegressor(n_estimators=1, max_depth=1, min_child_weight=0, reg_lambda=0, subsample=1)
    >>> frame = trees_to_dataframe(model.fit([[0.0], [1.0]], [0.0, 1.0]))
    >>> frame[["tree_index", "node_index", "split_feature", "threshold", "count"]].iloc[:1]
       tree_index  node_index split_feature  threshold  count
    0           0           0            x0        0.5      2
    """
    if not isinstance(model, Inspected):
        raise ParameterError(f"model must be a tree, forest or booster of skensemble, got {type(model).__name__}.")
    check_is_fitted(model)
    return model.trees_to_dataframe()
