"""The nodes of a model as a table: a row for each node of each tree, in the user's columns and levels."""

import numpy as np
import pandas as pd

from skensemble.tree.trees._marks import ALL_OUTPUTS, NUMERIC
from skensemble.tree.trees._split_levels import left_categories, missing_go_left
from skensemble.tree.trees._tree_arrays import depth_of_nodes, parents


def trees_frame(additive, names):
    """DataFrame with a row for each node; see `trees_to_dataframe`.

    additive : AdditiveTrees
    names : list of the names of the features
    """
    additive.trees.check_complete("trees_to_dataframe")
    trees, is_split = additive.trees, ~additive.trees.is_leaf
    root = trees.roots[trees.tree_of_node]
    is_set = trees.category_start != NUMERIC
    columns = {
        "tree_index": trees.tree_of_node,
        **_outputs(additive),
        "node_index": np.arange(trees.n_nodes) - root,
        "node_depth": depth_of_nodes(trees),
        "parent_index": _where(parents(trees) >= 0, parents(trees) - root),
        "left_child": _where(is_split, trees.left - root),
        "right_child": _where(is_split, trees.right - root),
        "split_feature": _named(trees.feature, is_split, names),
        "decision_type": _chosen(is_split, np.where(is_set, "in", "<=")),
        "threshold": trees.threshold,
        "categories": _sets(trees, additive.binner),
        "missing_direction": _chosen(is_split, np.where(missing_go_left(trees), "left", "right")),
        "split_gain": np.where(is_split, trees.gain, np.nan),
        **({"impurity": trees.impurity} if len(trees.impurity) else {"hessian": trees.cover}),
        **_values(additive),
        **_terms(additive.slopes, trees, names),
        "count": trees.count,
        "weighted_count": np.asarray(additive.node_weight, np.float64),
    }
    return pd.DataFrame(columns)


def _where(is_there, numbers):
    """A column of integers with missing cells."""
    return pd.arrays.IntegerArray(numbers.astype(np.int64), ~is_there)


def _chosen(is_there, texts):
    return pd.Series(np.where(is_there, texts.astype(object), None), dtype=object)


def _named(feature, is_split, names):
    named = np.append(np.array(names, object), None)  # the last place is that of leaves, whose feature is -1
    return pd.Series(named[np.where(is_split, feature, -1)], dtype=object)


def _sets(trees, binner):
    """Lists of the levels that go left; None elsewhere."""
    sets = np.full(trees.n_nodes, None, object)
    for node in np.flatnonzero(trees.category_start != NUMERIC):
        sets[node] = left_categories(trees, binner, node).tolist()
    return pd.Series(sets, dtype=object)


def _outputs(additive):
    """The output that each tree adds to, where each has one of several."""
    if additive.n_outputs == 1 or (additive.trees.output == ALL_OUTPUTS).all():
        return {}
    names = np.empty(additive.n_outputs, object)
    names[:] = range(additive.n_outputs) if additive.output_names is None else additive.output_names
    return {"output": names[additive.trees.output[additive.trees.tree_of_node]]}


def _values(additive):
    """A column of values, or one for each output where leaves have a value for each."""
    values = additive.added_values
    if values.shape[1] == 1:
        return {"value": values[:, 0]}
    names = range(values.shape[1]) if additive.output_names is None else additive.output_names
    texts = ["_".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in names]
    return {f"value_{text}": column for text, column in zip(texts, values.T)}


def _terms(slopes, trees, names):
    """Of linear leaves, dicts from the feature to its slope and to its mean in the leaf; None at other nodes."""
    if slopes is None:
        return {}
    found = {"slopes": np.full(trees.n_nodes, None, object), "means": np.full(trees.n_nodes, None, object)}
    for node in np.flatnonzero(trees.is_leaf):
        entries = slice(slopes.start[node], slopes.start[node + 1])
        for column, numbers in zip(found.values(), (slopes.slope, slopes.mean)):
            cells = numbers[entries, 0] if numbers.shape[1] == 1 else list(numbers[entries])
            column[node] = {names[j]: cell for j, cell in zip(slopes.feature[entries], cells)}
    return {name: pd.Series(column, dtype=object) for name, column in found.items()}
