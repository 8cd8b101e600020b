"""The operators of ONNX that exports use, in NumPy, as the standard describes them: slow and plain."""

from itertools import count

import numpy as np
from scipy.special import expit, softmax

from skensemble.exported._onnx_steps import Steps, add_model, is_text


def predictions(parts, rows):
    """What the operators of ScalarTrees say about a frame or an array: a list of an array for each output."""
    numbers = count()
    steps = Steps(lambda word: f"{word} {next(numbers)}")
    values = feeds(parts, rows)
    outputs = ["variable"] if parts.classes is None else ["label", "probabilities"]
    add_model(steps, parts, list(values), outputs)
    values |= steps.constants
    for step in steps.steps:
        with np.errstate(invalid="ignore"):  # slopes times infinities are no numbers
            values[step.output] = OPERATORS[step.operator](*(values[name] for name in step.inputs), **step.attributes)
    return [values[name] for name in outputs]


def feeds(parts, rows):
    """{name: array of float32, or of text in which "" is missing}: one table, or columns where some are text."""
    if not any(map(is_text, parts.levels)):
        return {"X": np.asarray(rows, np.float32)}
    cells = {}
    for name, levels in zip(parts.names, parts.levels):
        if is_text(levels):
            known = [["" if cell is None or cell != cell else cell] for cell in rows[name]]
            cells[name] = np.array(known, object)
        else:
            cells[name] = rows[name].astype(float).to_numpy(np.float32)[:, None]
    return cells


def _label_encoder(column, default_float, values_floats, keys_strings=None, keys_floats=None):
    known = dict(zip(keys_floats if keys_strings is None else keys_strings, values_floats))
    return np.array([[known.get(cell, default_float)] for cell in column[:, 0].tolist()], np.float32)


def _ensemble(rows, *, n_targets, base_values, aggregate_function, post_transform, **lists):
    assert (aggregate_function, post_transform) == ("SUM", "NONE")
    names = ("featureids", "modes", "values", "truenodeids", "falsenodeids", "missing_value_tracks_true")
    keys = zip(lists["nodes_treeids"], lists["nodes_nodeids"])
    nodes = dict(zip(keys, zip(*(lists[f"nodes_{name}"] for name in names))))
    weights = {}
    for tree, node, target, weight in zip(
        *(lists[f"target_{name}"] for name in ("treeids", "nodeids", "ids", "weights"))
    ):
        weights.setdefault((tree, node), []).append((target, weight))
    raw = np.tile(np.array(base_values), (len(rows), 1))
    for tree in dict.fromkeys(lists["nodes_treeids"]):
        for i, row in enumerate(rows):
            for target, weight in weights[tree, _leaf(nodes, tree, row)]:
                raw[i, target] += weight
    assert raw.shape[1] == n_targets
    return raw.astype(np.float32)


def _leaf(nodes, tree, row):
    node = 0
    while True:
        feature, mode, value, if_true, if_false, missing_is_true = nodes[tree, node]
        if mode == "LEAF":
            return node
        cell, value = row[feature], np.float32(value)
        is_true = cell <= value if mode == "BRANCH_LEQ" else cell == value
        node = if_true if is_true or (np.isnan(cell) and missing_is_true) else if_false


OPERATORS = {
    "Add": np.add,
    "ArgMax": lambda x, axis, keepdims: x.argmax(axis=axis),
    "Cast": lambda x, to: x.astype({1: np.float32, 7: np.int64, 11: np.float64}[to]),
    "Concat": lambda *parts, axis: np.concatenate(parts, axis=axis),
    "Div": np.divide,
    "Equal": np.equal,
    "Exp": np.exp,
    "Gather": lambda x, places, axis: np.take(x, places, axis=axis),
    "GatherElements": lambda x, places, axis: np.take_along_axis(x, places, axis),
    "Identity": lambda x: x,
    "IsNaN": np.isnan,
    "LabelEncoder": _label_encoder,
    "MatMul": np.matmul,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mul": np.multiply,
    "Neg": np.negative,
    "ReduceSum": lambda x, axes, keepdims=1: x.sum(axis=tuple(axes), keepdims=bool(keepdims)),
    "Reshape": np.reshape,
    "Sigmoid": expit,
    "Softmax": lambda x, axis: softmax(x, axis=axis),
    "Sub": np.subtract,
    "TreeEnsembleRegressor": _ensemble,
    "Where": np.where,
}
