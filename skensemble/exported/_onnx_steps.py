"""The operators of ONNX that predict as a sum of trees does, whoever writes them down: a file, or skl2onnx."""

from typing import NamedTuple

import numpy as np

from skensemble.tree.trees._scalar_trees import single_precision

ML = "ai.onnx.ml"
FLOAT, INT64, STRING, DOUBLE = 1, 7, 8, 11  # types of tensors, by their numbers in ONNX
MOST_LEAVES = 1 << 24  # whole numbers up to which float32 has them all
LINKS = ("identity", "log", "logit", "softmax", "one-vs-rest")


class Step(NamedTuple):
    """One operator."""

    operator: str
    inputs: list
    output: str
    domain: str
    attributes: dict


class Steps:
    """Operators in order, and the arrays that they read.

    unique : function from a word to a name that is given to nothing else
    """

    def __init__(self, unique):
        self.steps, self.constants, self._unique = [], {}, unique

    def add(self, operator, *inputs, domain="", output=None, **attributes):
        """Add an operator with one output; returns its name."""
        output = self._unique(operator.lower()) if output is None else output
        self.steps.append(Step(operator, list(inputs), output, domain, attributes))
        return output

    def constant(self, values):
        """Add an array, of objects for text; returns its name."""
        name = self._unique("constant")
        self.constants[name] = np.asarray(values)
        return name


def add_model(steps, parts, inputs, outputs):
    """Add the operators of a model; a ValueError names what ONNX cannot hold.

    parts : ScalarTrees
    inputs : list of one name, of a tensor with all columns, or of a name for each column
    outputs : list of one name, of predictions, or of two: labels and probabilities
    """
    check(parts)
    parts = parts.divided()
    rows = _encoded_rows(steps, parts, inputs)
    raw = (_raw_of_lines if parts.has_lines else _raw_of_constants)(steps, parts, rows)
    if parts.classes is None:
        _respond(steps, parts, raw, outputs[0])
    else:
        probabilities = _respond(steps, parts, raw, outputs[1])
        place = steps.add("ArgMax", probabilities, axis=1, keepdims=0)
        steps.add("Gather", steps.constant(labels_of(parts)), place, output=outputs[0], axis=0)


def check(parts):
    """Raise a ValueError that names what ONNX cannot hold."""
    parts.check_response("ONNX", LINKS)
    parts.check_single_precision("ONNX")
    labels_of(parts)
    known = {j: levels for j, levels in enumerate(parts.levels) if levels is not None}
    strange = [j for j, levels in known.items() if not (is_text(levels) or _are_singles(levels))]
    parts.refuse_columns(strange, "ONNX holds categories that are all text or all numbers of float32, but not in")


def is_text(levels):
    """Whether levels, a list or None, are text."""
    return levels is not None and all(isinstance(level, str) for level in levels)


def _are_singles(levels):
    return all(isinstance(x, (int, float)) and float(np.float32(x)) == x for x in levels)


def labels_of(parts):
    """The labels of the classes as ONNX holds them: text, or 64-bit integers."""
    if parts.classes is None:
        return None
    labels = np.asarray(parts.classes)
    if all(isinstance(label, str) for label in labels.tolist()):
        return labels.astype(object)
    if labels.dtype.kind in "iubf" and np.array_equal(labels, np.trunc(labels)):
        return labels.astype(np.int64)
    raise ValueError(f"ONNX holds labels that are text or whole numbers, got {labels.tolist()[:3]}.")


def _respond(steps, parts, raw, output):
    """Add the link; `output` is what it is called."""
    if parts.link == "log":
        return steps.add("Exp", raw, output=output)
    if parts.link == "softmax":
        return steps.add("Softmax", raw, output=output, axis=1)
    if parts.link == "logit" and parts.classes is not None:
        second = steps.add("Sigmoid", raw)
        first = steps.add("Sigmoid", steps.add("Neg", raw))
        return steps.add("Concat", first, second, output=output, axis=1)
    if parts.link == "logit":
        return steps.add("Sigmoid", raw, output=output)
    if parts.link == "one-vs-rest":
        odds = steps.add("Sigmoid", raw)
        return steps.add("Div", odds, steps.add("ReduceSum", odds, steps.constant(np.array([1]))), output=output)
    return steps.add("Identity", raw, output=output)


# -- columns ---------------------------------------------------------------------------------------------------------


def _encoded_rows(steps, parts, inputs):
    """The name of a tensor of all columns, in which levels are their numbers, and NaN is missing."""
    split = set(parts.columns_of_levels())
    if not split and len(inputs) == 1:
        return inputs[0]
    columns = []
    for j in range(parts.n_features):
        column = inputs[j] if len(inputs) > 1 else _column(steps, inputs[0], j)
        columns.append(_encoded(steps, parts, column, j) if parts.levels[j] is not None else column)
    return columns[0] if len(columns) == 1 else steps.add("Concat", *columns, axis=1)


def _column(steps, table, j):
    return steps.add("Gather", table, steps.constant(np.array([j])), axis=1)


def _encoded(steps, parts, column, j):
    """Levels become 0, 1, ...; unseen ones NaN, or the number after these where rare ones are split from missing."""
    levels, joins_rare = parts.levels[j], parts.has_rare[j]
    values = list(range(len(levels)))
    kind, keys = ("keys_strings", list(levels)) if is_text(levels) else ("keys_floats", [float(x) for x in levels])
    if is_text(levels) and "" not in levels:
        keys, values = [*keys, ""], [*values, np.nan]  # tensors of text have no other way to be missing
    codes = steps.add(
        "LabelEncoder", column, domain=ML, default_float=float(len(levels)) if joins_rare else float("nan"),
        values_floats=[float(x) for x in values], **{kind: keys},
    )  # fmt: skip
    if joins_rare and not is_text(levels):
        codes = steps.add("Where", steps.add("IsNaN", column), column, codes)
    return codes


# -- linear leaves ---------------------------------------------------------------------------------------------------


def _raw_of_lines(steps, parts, rows):
    """The name of the raw predictions of trees whose leaves may be linear, in float64 until they are summed up.

    The trees say which leaf a row is in, a number of a table of all leaves; and the rest is arithmetic.  A line whose
    cell is missing or infinite is no number, and is exchanged for 0.
    """
    table = _table_of_leaves(parts)
    numbers = steps.add(
        "TreeEnsembleRegressor", rows, domain=ML, n_targets=len(parts.trees), base_values=[0.0] * len(parts.trees),
        **_ensemble_attributes(parts.trees, range(len(parts.trees)), table.numbers),
    )  # fmt: skip
    place = steps.add("Cast", numbers, to=INT64)

    def of_leaf(values):
        return steps.add("Gather", steps.constant(values), place, axis=0)

    n_trees, n_terms = len(parts.trees), table.feature.shape[1]
    feature = steps.add("Reshape", of_leaf(table.feature), steps.constant(np.array([-1, n_trees * n_terms])))
    cells = steps.add("GatherElements", steps.add("Cast", rows, to=DOUBLE), feature, axis=1)
    cells = steps.add("Reshape", cells, steps.constant(np.array([-1, n_trees, n_terms])))
    terms = steps.add("Mul", of_leaf(table.slope), steps.add("Sub", cells, of_leaf(table.mean)))
    line = steps.add("ReduceSum", terms, steps.constant(np.array([2])), keepdims=0)
    zero = steps.constant(np.zeros(1))
    is_number = steps.add("Equal", steps.add("Sub", line, line), zero)
    step = steps.add("Add", of_leaf(table.value), steps.add("Where", is_number, line, zero))
    if np.isfinite(table.limit).any():
        step = steps.add("Max", steps.add("Min", step, of_leaf(table.limit)), of_leaf(-table.limit))
    of_output = np.eye(parts.n_outputs)[[tree.output for tree in parts.trees]]
    total = steps.add("MatMul", step, steps.constant(of_output))
    return steps.add("Cast", steps.add("Add", total, steps.constant(parts.baseline)), to=FLOAT)


class _LeafTable(NamedTuple):
    """All leaves of all trees."""

    numbers: list  # of each tree, the numbers of its leaves
    value: np.ndarray  # (n_leaves,)
    limit: np.ndarray  # (n_leaves,)
    feature: np.ndarray  # (n_leaves, n_terms) int64; leaves with fewer terms repeat one, with slopes of 0
    slope: np.ndarray  # (n_leaves, n_terms)
    mean: np.ndarray  # (n_leaves, n_terms)


def _table_of_leaves(parts):
    leaves = [(tree, leaf) for tree in parts.trees for leaf in np.flatnonzero(tree.is_leaf).tolist()]
    if len(leaves) > MOST_LEAVES:
        raise ValueError(f"ONNX holds up to {MOST_LEAVES} linear leaves here, but this model has {len(leaves)}.")
    lines = [tree.lines.get(leaf) for tree, leaf in leaves]
    shape = (len(leaves), max(len(line.feature) for line in lines if line is not None))
    feature, limit = np.zeros(shape, np.int64), np.full(len(leaves), np.inf)
    slope, mean = np.zeros(shape), np.zeros(shape)
    for number, line in enumerate(lines):
        if line is not None:
            n_terms = len(line.feature)
            feature[number] = line.feature[0]
            feature[number, :n_terms], slope[number, :n_terms], mean[number, :n_terms] = line[:3]
            limit[number] = line.limit
    ends = np.cumsum([np.count_nonzero(tree.is_leaf) for tree in parts.trees])
    numbers = np.split(np.arange(len(leaves)), ends[:-1])
    value = np.array([tree.value[leaf] for tree, leaf in leaves])
    return _LeafTable(numbers, value, limit, feature, slope, mean)


# -- trees -----------------------------------------------------------------------------------------------------------


class _Nodes:
    """The lists of nodes of a TreeEnsembleRegressor."""

    def __init__(self):
        self.lists = {
            name: []
            for name in (
                "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_modes", "nodes_values",
                "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true",
            )
        }  # fmt: skip

    def add(self, *cells):
        for cells_of_name, cell in zip(self.lists.values(), cells):
            cells_of_name.append(cell)


def _raw_of_constants(steps, parts, rows):
    """The name of the raw predictions of trees whose leaves are constants."""
    outputs, values = [tree.output for tree in parts.trees], [tree.value[tree.is_leaf] for tree in parts.trees]
    return steps.add(
        "TreeEnsembleRegressor", rows, domain=ML, n_targets=parts.n_outputs,
        base_values=parts.baseline.astype(np.float32).tolist(), **_ensemble_attributes(parts.trees, outputs, values),
    )  # fmt: skip


def _ensemble_attributes(trees, targets, weights):
    """The trees of a TreeEnsembleRegressor.

    targets : list of the number of the sum that each tree adds to
    weights : list of arrays, what the leaves of each tree add to it, in their order
    """
    nodes, of_leaves = _Nodes(), {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
    added = zip(targets, weights)
    for t, same in enumerate(_with_same_splits(trees)):
        _add_nodes(nodes, same[0], t)
        leaves = np.flatnonzero(same[0].is_leaf).tolist()
        for _, (target, own) in zip(same, added):
            of_leaves["treeids"] += [t] * len(leaves)
            of_leaves["nodeids"] += leaves
            of_leaves["ids"] += [target] * len(leaves)
            of_leaves["weights"] += own.astype(np.float32).tolist()
    return {
        **nodes.lists,
        **{f"target_{name}": cells for name, cells in of_leaves.items()},
        "aggregate_function": "SUM",
        "post_transform": "NONE",
    }


def _with_same_splits(trees):
    """Lists of trees that have the same splits: those of one tree whose leaves hold several values."""
    groups = []
    for tree in trees:
        if groups and groups[-1][0].left is tree.left:
            groups[-1].append(tree)
        else:
            groups.append([tree])
    return groups


def _add_nodes(nodes, tree, t):
    """Nodes keep their numbers; a split of levels is a chain of comparisons, whose true branches meet in one node."""
    threshold, next_free = single_precision(tree.threshold).tolist(), len(tree.left)
    for node, (left, right, feature) in enumerate(zip(tree.left.tolist(), tree.right.tolist(), tree.feature.tolist())):
        missing_left = int(tree.missing_left[node])
        if left < 0:
            nodes.add(t, node, 0, "LEAF", 0.0, 0, 0, 0)
        elif node not in tree.sets:
            nodes.add(t, node, feature, "BRANCH_LEQ", threshold[node], left, right, missing_left)
        else:
            next_free = _add_chain(nodes, tree, t, node, next_free)


def _add_chain(nodes, tree, t, node, next_free):
    """The comparisons of a split of levels, with those of its smaller side; returns the next number of a node."""
    levels, left, right = tree.sets[node], int(tree.left[node]), int(tree.right[node])
    if 2 * np.count_nonzero(levels.goes_left) > len(levels.goes_left):
        levels, left, right = levels.exchanged(), right, left
    equal = np.flatnonzero(np.append(levels.goes_left, levels.unseen_left)).tolist() or [-1]
    feature, number = int(tree.feature[node]), node
    for k, level in enumerate(equal):
        follower = right if k == len(equal) - 1 else next_free
        nodes.add(t, number, feature, "BRANCH_EQ", float(level), left, follower, int(levels.missing_left))
        if follower == next_free:
            number, next_free = next_free, next_free + 1
    return next_free
