"""PMML 4.4 of a sum of trees: a chain of models, of which each sums up the trees of one output."""

from xml.sax.saxutils import quoteattr

import numpy as np

NORMALIZATIONS = {"identity": "none", "log": "exp", "logit": "logit", "softmax": "softmax"}  # link -> PMML's name
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


class _Document:
    """Lines of XML."""

    def __init__(self):
        self.lines, self._open = [_HEAD], []

    def add(self, name, /, **attributes):
        """Add an element without children."""
        self.lines.append(f"{'  ' * len(self._open)}<{name}{_text_of(attributes)}/>")

    def open(self, name, /, **attributes):
        self.lines.append(f"{'  ' * len(self._open)}<{name}{_text_of(attributes)}>")
        self._open.append(name)

    def close(self, n_elements=1):
        for _ in range(n_elements):
            name = self._open.pop()
            self.lines.append(f"{'  ' * len(self._open)}</{name}>")

    def put(self, text, name, /, **attributes):
        """Add an element that holds text."""
        self.lines.append(f"{'  ' * len(self._open)}<{name}{_text_of(attributes)}>{text}</{name}>")


def _text_of(attributes):
    return "".join(f" {name}={quoteattr(_cell(cell))}" for name, cell in attributes.items())


def _cell(cell):
    if isinstance(cell, (str, bool)) or not isinstance(cell, float):
        return str(cell)
    return "INF" if cell == np.inf else "-INF" if cell == -np.inf else repr(cell)


def pmml_document(parts):
    """The bytes of the file; a ValueError names what PMML cannot hold.

    parts : ScalarTrees
    """
    parts.refuse_lines("PMML")
    parts.check_response("PMML", NORMALIZATIONS)
    if parts.classes is None and parts.n_outputs > 1:
        raise ValueError(
            f"PMML's models predict one number or one label, but this model has {parts.n_outputs} outputs."
        )
    split = set(parts.columns_of_levels())
    strange = [j for j in split if not all(isinstance(x, (str, int, float)) for x in parts.levels[j])]
    parts.refuse_columns(strange, "PMML holds categories that are text or numbers, but there are others in")
    document, names = _Document(), parts.column_names("x{}")
    document.open("PMML", xmlns="http://www.dmg.org/PMML-4_4", version="4.4")
    document.open("Header")
    document.add("Application", name="skensemble")
    document.close()
    _dictionary(document, parts, names)
    function = "regression" if parts.classes is None else "classification"
    document.open("MiningModel", functionName=function)
    _schema(document, names, "prediction")
    document.open("Segmentation", multipleModelMethod="modelChain")
    for k in range(parts.n_outputs):
        document.open("Segment", id=f"raw_{k}")
        document.add("True")
        _sum_of_trees(document, parts, names, k)
        document.close()
    document.open("Segment", id="link")
    document.add("True")
    _link(document, parts, function)
    document.close(4)
    return ("\n".join(document.lines) + "\n").encode()


def _dictionary(document, parts, names):
    document.open("DataDictionary")
    for name, levels in zip(names, parts.levels):
        if levels is None:
            document.add("DataField", name=name, optype="continuous", dataType="double")
            continue
        is_text = all(isinstance(level, str) for level in levels)
        document.open("DataField", name=name, optype="categorical", dataType="string" if is_text else "double")
        for level in levels:
            document.add("Value", value=level if is_text else repr(float(level)))
        document.close()
    if parts.classes is None:
        document.add("DataField", name="prediction", optype="continuous", dataType="double")
    else:
        document.open("DataField", name="prediction", optype="categorical", dataType="string")
        for label in parts.classes.tolist():
            document.add("Value", value=str(label))
        document.close()
    document.close()


def _schema(document, names, target=None):
    """Unknown levels are taken as they are: in no set."""
    document.open("MiningSchema")
    for name in names:
        document.add("MiningField", name=name, invalidValueTreatment="asIs")
    if target is not None:
        document.add("MiningField", name=target, usageType="target")
    document.close()


def _sum_of_trees(document, parts, names, k):
    """A regression whose output is raw_k."""
    document.open("MiningModel", functionName="regression")
    _schema(document, names)
    document.open("Output")
    document.add("OutputField", name=f"raw_{k}", optype="continuous", dataType="double", feature="predictedValue")
    document.close()
    document.open("Targets")
    document.add("Target", rescaleFactor=1.0 / parts.divisor, rescaleConstant=float(parts.baseline[k]))
    document.close()
    document.open("Segmentation", multipleModelMethod="sum")
    trees = [tree for tree in parts.trees if tree.output == k] or parts.in_rounds()[0][k : k + 1]
    for number, tree in enumerate(trees):
        document.open("Segment", id=number)
        document.add("True")
        document.open(
            "TreeModel",
            functionName="regression",
            missingValueStrategy="defaultChild",
            splitCharacteristic="binarySplit",
        )
        _schema(document, names)
        _nodes(document, parts, names, tree)
        document.close(2)
    document.close(2)


def _nodes(document, parts, names, tree):
    """The nodes of a tree, a child within its parent. Unlisted levels go right: other sets are exchanged."""
    tree = tree.exchanged([node for node, levels in tree.sets.items() if levels.unseen_left])
    waiting = [
        (0, None, True)
    ]  # (node, its parent, whether it is the left child); a number of elements to close instead
    while waiting:
        entry = waiting.pop()
        if entry is None:
            document.close()
            continue
        node, parent, is_left = entry
        left, right = int(tree.left[node]), int(tree.right[node])
        count = {"recordCount": int(tree.count[node])}
        if left < 0:
            document.open("Node", id=node, score=float(tree.value[node]), **count)
        else:
            document.open("Node", id=node, defaultChild=left if tree.missing_left[node] else right, **count)
        _predicate(document, parts, names, tree, parent, is_left)
        waiting.append(None)
        if left >= 0:
            waiting += [(right, node, False), (left, node, True)]


def _predicate(document, parts, names, tree, parent, is_left):
    if parent is None:
        document.add("True")
        return
    j = int(tree.feature[parent])
    if parent not in tree.sets:
        operator = "lessOrEqual" if is_left else "greaterThan"
        document.add("SimplePredicate", field=names[j], operator=operator, value=float(tree.threshold[parent]))
        return
    chosen = [level for level, left in zip(parts.levels[j], tree.sets[parent].goes_left) if left]
    document.open("SimpleSetPredicate", field=names[j], booleanOperator="isIn" if is_left else "isNotIn")
    if all(isinstance(level, str) for level in parts.levels[j]):
        quoted = ('"' + level.replace('"', '\\"') + '"' for level in chosen)
        document.put(_escaped(" ".join(quoted)), "Array", type="string", n=len(chosen))
    else:
        document.put(" ".join(repr(float(level)) for level in chosen), "Array", type="real", n=len(chosen))
    document.close()


def _escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _link(document, parts, function):
    """A regression on the raw predictions, whose normalization is the link."""
    raw = [f"raw_{k}" for k in range(parts.n_outputs)]
    document.open("RegressionModel", functionName=function, normalizationMethod=NORMALIZATIONS[parts.link])
    _schema(document, raw, "prediction")
    if parts.classes is None:
        _table(document, raw[0])
    else:
        labels = list(map(str, parts.classes.tolist()))
        document.open("Output")
        for label in labels:
            document.add(
                "OutputField", name=f"probability({label})", optype="continuous", dataType="double",
                feature="probability", value=label,
            )  # fmt: skip
        document.close()
        if parts.link == "logit":
            _table(document, raw[0], labels[1])
            document.add("RegressionTable", intercept="0.0", targetCategory=labels[0])
        else:
            for column, label in zip(raw, labels):
                _table(document, column, label)
    document.close()


def _table(document, column, label=None):
    category = {} if label is None else {"targetCategory": label}
    document.open("RegressionTable", intercept="0.0", **category)
    document.add("NumericPredictor", name=column, coefficient="1.0")
    document.close()
