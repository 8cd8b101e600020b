"""Slow, plain versions of what the kernels compute; each kernel's test compares it with these."""

import math
from fractions import Fraction

import numpy as np

# -- binning ---------------------------------------------------------------------------------------------------------


def thresholds(values, weight, max_bins):
    """Thresholds of one column, by counting whole-number weights in a dict."""
    totals = {}
    for value, units in zip(values, weight):
        if units > 0 and value == value:
            totals[value] = totals.get(value, 0) + int(units)
    distinct = sorted(totals)
    bins = _bins([totals[value] for value in distinct], len(distinct) if max_bins is None else max_bins)
    return np.array([_middle(distinct[last], distinct[last + 1]) for last in bins[:-1]])


def _bins(totals, n_bins):
    """Positions of the last values of the bins."""
    if len(totals) <= n_bins:
        return list(range(len(totals)))
    heavy = set()
    while True:
        light = sum(total for i, total in enumerate(totals) if i not in heavy)
        light_bins = n_bins - len(heavy)
        heavier = {i for i, total in enumerate(totals) if total >= light / light_bins}
        if heavier == heavy:
            break
        heavy = heavier
    bins, members = [], []
    for i, total in enumerate(totals):
        weight = sum(totals[k] for k in members)
        if i in heavy:
            is_full = light_bins > 0 and weight >= light / light_bins / 2
        else:
            is_full = light_bins > 1 and weight + total / 2 > light / light_bins
        if members and is_full:
            bins.append(members[-1])
            members, weight, light, light_bins = [], 0, light - weight, light_bins - 1
        if i in heavy:
            bins.append(i)
            members, light = [], light - weight
        else:
            members.append(i)
    if members and light_bins == 0:
        bins.pop()
    return bins + members[-1:]


def _middle(a, b):
    """A finite number t with a <= t < b, if there is one, as near to the middle as float64 can say."""
    largest = float(np.finfo(float).max)
    if np.isinf(a) and np.isinf(b):
        return 0.0
    if np.isinf(a):
        return -largest if b > -largest else a
    if np.isinf(b):
        return largest
    middle = a / 2 + b / 2
    return middle if a <= middle < b else a


def number_codes(values, thresholds):
    """1 + number of thresholds below each value, 0 for NaN."""
    return np.array([0 if value != value else 1 + sum(t < value for t in thresholds) for value in values])


def category_codes(values, categories):
    """1 + position of each value, 0 for those not among `categories`."""
    known = list(categories)
    return np.array([1 + known.index(value) if value in known else 0 for value in values])


# -- losses ----------------------------------------------------------------------------------------------------------


def loss_of_row(name, y, raw, setting=None):
    """Loss of one row and output; for several classes `raw` is a list.  `setting`: level, slope or power."""
    distance = None if name == "log_loss" else raw - y
    if name == "log_loss" and isinstance(raw, list):
        return math.log(math.fsum(math.exp(other - raw[int(y)]) for other in raw))
    if name == "log_loss":
        return math.log1p(math.exp(-raw if y == 1 else raw))
    if name == "squared_error":
        return distance**2 / 2
    if name == "absolute_error":
        return abs(distance)
    if name == "huber":
        return distance**2 / 2 if abs(distance) <= setting else setting * (abs(distance) - setting / 2)
    if name == "pseudo_huber":
        return setting**2 * (math.sqrt(1 + (distance / setting) ** 2) - 1)
    if name == "quantile":
        return setting * -distance if y > raw else (1 - setting) * distance
    if name == "expectile":
        return (setting if y > raw else 1 - setting) * distance**2
    if name == "poisson":
        return math.exp(raw) - y * raw
    if name == "gamma":
        return raw + y * math.exp(-raw)
    if name == "tweedie":
        return math.exp((2 - setting) * raw) / (2 - setting) - y * math.exp((1 - setting) * raw) / (1 - setting)
    raise KeyError(name)


def weighted_mean(values, weight):
    """Exact, then rounded once."""
    total = sum(Fraction(float(units)) for units in weight)
    return float(sum(Fraction(float(value)) * Fraction(float(units)) for value, units in zip(values, weight)) / total)


def weighted_quantile(values, weight, level):
    """Averaged inverted CDF."""
    pairs = sorted((value, units) for value, units in zip(values, weight) if units > 0)
    wanted, reached = level * sum(units for _, units in pairs), 0.0
    for i, (value, units) in enumerate(pairs):
        reached += units
        if reached >= wanted * (1 - 1e-12):
            larger = [other for other, _ in pairs[i:] if other > value]
            is_tie = reached <= wanted * (1 + 1e-12) and len(pairs) > i + 1
            return (value + pairs[i + 1][0]) / 2 if is_tie and larger else value
    return 0.0


def huber_leaf(residual, weight, slope):
    """Friedman's one step from the median."""
    median = weighted_quantile(residual, weight, 0.5)
    return median + weighted_mean(np.clip(residual - median, -slope, slope), weight)


# -- prediction ------------------------------------------------------------------------------------------------------


def path_of_row(trees, tree, x):
    """Nodes that the encoded row `x` passes in one tree, from the root to the leaf."""
    path = [int(trees.roots[tree])]
    while trees.left[path[-1]] != -1:
        node = path[-1]
        path.append(int(trees.left[node] if _goes_left(trees, node, x[trees.feature[node]]) else trees.right[node]))
    return path


def _goes_left(trees, node, value):
    missing = value != value
    if trees.category_start[node] == -1:
        return bool(trees.missing_left[node]) if missing else value <= trees.threshold[node]
    first = trees.category_start[node]
    words = trees.category_words[first : first + trees.category_count[node]]
    categories = sum(int(word) << 64 * i for i, word in enumerate(words))
    return bool(categories >> (0 if missing else int(value)) & 1)


def raw_prediction(trees, X, baseline):
    """Baseline plus the values of each row's leaves, added in the order of the trees."""
    raw = np.tile(np.asarray(baseline, float), (len(X), 1))
    for row, x in enumerate(X):
        for tree, output in enumerate(trees.output):
            values = trees.values[path_of_row(trees, tree, x)[-1]]
            if output == -1:
                raw[row] += values
            else:
                raw[row, output] += values[0]
    return raw


def leaf_of_coded_row(codes, feature, code, left, right, missing_left, category_start, category_words):
    """Leaf of one row of codes in one tree that splits codes."""
    node = 0
    while left[node] != -1:
        value = int(codes[feature[node]])
        if category_start[node] >= 0:
            goes_left = int(category_words[category_start[node] + value // 64]) >> value % 64 & 1
        else:
            goes_left = missing_left[node] if value == 0 else value <= code[node]
        node = left[node] if goes_left else right[node]
    return node
