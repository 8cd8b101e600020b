"""What a document of PMML predicts, by the rules of the standard for the elements that exports use: slow and plain."""

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
from scipy.special import expit, softmax

SPACE = "{http://www.dmg.org/PMML-4_4}"


def predictions(path, rows):
    """(n_samples,) or (n_samples, n_classes)"""
    root = ElementTree.parse(path).getroot()
    kinds = {field.get("name"): field.get("dataType") for field in root.find(SPACE + "DataDictionary")}
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows).add_prefix("x")
    *sums, link = root.find(f"{SPACE}MiningModel/{SPACE}Segmentation")
    answers = []
    for row in frame.astype(object).itertuples(index=False):
        cells = {name: _cell(cell, kinds[name]) for name, cell in zip(frame, row)}
        raw = dict(_sum(segment.find(SPACE + "MiningModel"), cells) for segment in sums)
        answers.append(_linked(link.find(SPACE + "RegressionModel"), raw))
    return np.array(answers)


def _cell(cell, kind):
    return None if pd.isna(cell) else cell if kind == "string" else float(cell)


def _sum(model, cells):
    """(name of the output, its value)"""
    total = sum(
        float(_leaf(segment.find(f"{SPACE}TreeModel/{SPACE}Node"), cells).get("score"))
        for segment in model.find(SPACE + "Segmentation")
    )
    target = model.find(f"{SPACE}Targets/{SPACE}Target")
    value = total * float(target.get("rescaleFactor")) + float(target.get("rescaleConstant"))
    return model.find(f"{SPACE}Output/{SPACE}OutputField").get("name"), value


def _leaf(node, cells):
    while children := node.findall(SPACE + "Node"):
        answers = [_is_true(child[0], cells) for child in children]
        if None in answers:
            node = next(child for child in children if child.get("id") == node.get("defaultChild"))
        else:
            assert answers.count(True) == 1
            node = children[answers.index(True)]
    return node


def _is_true(predicate, cells):
    """None: unknown"""
    cell = cells[predicate.get("field")]
    if cell is None:
        return None
    if predicate.tag == SPACE + "SimplePredicate":
        is_less = cell <= float(predicate.get("value"))
        return is_less if predicate.get("operator") == "lessOrEqual" else not is_less
    array = predicate.find(SPACE + "Array")
    words = (
        re.findall(r'"((?:[^"\\]|\\.)*)"', array.text or "") if array.get("type") == "string" else array.text.split()
    )
    listed = [word.replace('\\"', '"') for word in words]
    assert len(listed) == int(array.get("n"))
    is_in = (cell in listed) if array.get("type") == "string" else (cell in map(float, listed))
    return is_in if predicate.get("booleanOperator") == "isIn" else not is_in


def _linked(model, raw):
    tables = model.findall(SPACE + "RegressionTable")
    sums = np.array([sum(raw[term.get("name")] for term in table) for table in tables])
    normalization = model.get("normalizationMethod")
    if model.get("functionName") == "regression":
        return {"none": float, "exp": np.exp, "logit": expit}[normalization](sums[0])
    values = {"none": lambda x: x, "softmax": softmax, "logit": lambda x: np.array([expit(x[0]), 1 - expit(x[0])])}
    values = values[normalization](sums)
    of_label = dict(zip([table.get("targetCategory") for table in tables], values))
    return [of_label[field.get("value")] for field in model.find(SPACE + "Output")]
