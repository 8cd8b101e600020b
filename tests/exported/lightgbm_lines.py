"""What a text of LightGBM with linear leaves predicts, by LightGBM's rules: the leaves by its import without lines."""

import re

import numpy as np

from skensemble import from_lightgbm


def predictions(path, rows):
    """(n_samples,) or (n_samples, n_classes)"""
    text = path.read_text()
    sections = [dict(re.findall(r"^(\w+)=(.*)$", part, re.M)) for part in text.split("Tree=")[1:]]
    numbered = re.sub("is_linear=1", "is_linear=0", text)
    numbered = re.sub(r"leaf_value=.*", lambda line: _numbers_of_leaves(line.group()), numbered)
    model = from_lightgbm(numbered)
    trees = model._additive.trees
    number = trees.values[model.apply(rows) + trees.roots, 0].astype(int)
    table = model._read_for_prediction(rows)
    cells = model._additive.encoder(table)(0, table.n_samples)
    raw = np.zeros((len(cells), model._additive.n_outputs))
    for t, section in enumerate(sections):
        raw[:, t % raw.shape[1]] += _steps(section, number[:, t], cells)
    return model._additive.link.response(raw)


def _numbers_of_leaves(line):
    return "leaf_value=" + " ".join(map(str, range(len(line.split()))))


def _steps(section, number, cells):
    value = _array(section["leaf_value"])[number]
    if section["is_linear"] == "0":
        return value
    ends = np.cumsum(_array(section["num_features"]).astype(int))
    features, slopes = _array(section["leaf_features"]).astype(int), _array(section["leaf_coeff"])
    assert ends[-1] == len(features) == len(slopes)
    steps = _array(section["leaf_const"])[number]
    for i, leaf in enumerate(number):
        own = slice(ends[leaf - 1] if leaf else 0, ends[leaf])
        steps[i] += cells[i, features[own]] @ slopes[own]
        if np.isnan(cells[i, features[own]]).any():
            steps[i] = value[i]
    return steps


def _array(words):
    return np.array(words.split(), float)
