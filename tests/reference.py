"""Slow, plain versions of what the kernels compute; each kernel's test compares it with these."""

import functools
import itertools
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
    """A finite number t with a <= t < b, if there is one: the middle, rounded up to a float32."""
    largest = float(np.finfo(float).max)
    if np.isinf(a) and np.isinf(b):
        return 0.0
    if np.isinf(a):
        return -largest if b > -largest else a
    if np.isinf(b):
        return largest
    middle = a / 2 + b / 2
    return _as_float32(middle if a <= middle < b else a, b)


def _as_float32(threshold, next_value):
    """The smallest float32 that is not below the threshold, if it is below the next value; else the threshold."""
    if abs(threshold) > float(np.finfo(np.float32).max):
        return threshold
    up = np.float32(threshold)
    up = float(up if up >= threshold else np.nextafter(up, np.float32(np.inf)))
    return up if up < next_value else threshold


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
    if name == "exponential":
        return math.exp(-raw if y == 1 else raw)
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


def additive_prediction(trees, X, baseline, multiplier=None, divisor=1.0):
    """Baseline plus the sum of the leaves' values times their tree's multiplier, divided once."""
    multiplier = np.ones(trees.n_trees) if multiplier is None else multiplier
    scaled = trees._replace(values=trees.values * multiplier[trees.tree_of_node, None])
    if divisor == 1.0:
        return raw_prediction(scaled, X, baseline)
    return raw_prediction(scaled, X, np.zeros(len(baseline))) / divisor + baseline


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


# -- growing ---------------------------------------------------------------------------------------------------------
# A node is a dict: rows, depth, lower and upper bound of its values, interaction groups still open, cover, values, and
# its best split (gain, feature, set of codes that go left); once split also these three by name, and left and right.

DEPTH_FIRST, BREADTH_FIRST, BEST_FIRST, SYMMETRIC = 0, 1, 2, 3
NO_BENEFIT = 1e-12  # a gain must be more than the rounding error of the node's score


class Growing:
    """Grows one tree by trying every split of every node.

    codes : (n_samples, n_features), 0 where missing; gradient, hessian : (n_outputs, n_samples), weights included
    counted : (n_samples,) rows that each row stands for; limits : dict with the names of a GrowthState
    """

    def __init__(self, codes, n_codes, is_categorical, gradient, hessian, counted, limits, monotone, interactions):
        self.codes, self.n_codes, self.is_categorical = codes, n_codes, is_categorical
        self.gradient, self.hessian, self.counted = gradient, hessian, counted
        self.limits, self.monotone, self.interactions = limits, monotone, interactions

    def tree(self, rows):
        """List of nodes, the root first."""
        root = self._node(rows, 0, -math.inf, math.inf, [True] * len(self.interactions))
        if self.limits["policy"] == SYMMETRIC:
            return self._symmetric_tree(root)
        nodes, queue, n_leaves = [root], [0], 1
        while queue and n_leaves != self.limits["max_leaf_nodes"]:
            number = self._next(queue, nodes)
            queue.remove(number)
            if nodes[number]["best"] is None:
                continue
            self._split(nodes, number, nodes[number]["best"], len(nodes))
            queue += [len(nodes) - 2, len(nodes) - 1]
            n_leaves += 1
        return nodes

    def _next(self, queue, nodes):
        if self.limits["policy"] == DEPTH_FIRST:
            return max(queue)
        if self.limits["policy"] == BREADTH_FIRST:
            return min(queue)
        return max(queue, key=lambda i: (nodes[i]["best"] is not None, nodes[i]["best"] and nodes[i]["best"][0], -i))

    def _node(self, rows, depth, lower, upper, groups):
        sums = [(float(g[rows].sum()), float(h[rows].sum())) for g, h in zip(self.gradient, self.hessian)]
        node = {"rows": rows, "depth": depth, "lower": lower, "upper": upper, "groups": groups, "left": -1, "right": -1}
        node["values"] = [leaf_value(g, h, self.limits, lower, upper) for g, h in sums]
        node["cover"] = sum(h for _, h in sums) / len(sums)
        node["best"] = self._best_split(node) if self.limits["policy"] != SYMMETRIC else None
        return node

    def _split(self, nodes, number, split, left):
        """Append (or, in a symmetric tree, put) two children at `left` and `left + 1`."""
        gain, feature, goes_left = split
        node = nodes[number]
        node |= {"gain": gain, "feature": feature, "goes_left": goes_left, "left": left, "right": left + 1}
        to_left = np.isin(self.codes[node["rows"], feature], list(goes_left))
        sides = node["rows"][to_left], node["rows"][~to_left]
        bounds = self._bounds(node, feature, sides)
        groups = [is_open and bool(group[feature]) for is_open, group in zip(node["groups"], self.interactions)]
        nodes += [self._node(rows, node["depth"] + 1, *bound, groups) for rows, bound in zip(sides, bounds)]

    def _bounds(self, node, feature, sides):
        """Bounds of the values of the two children: a constrained split divides its node's range in the middle."""
        lower, upper = node["lower"], node["upper"]
        if self.monotone[feature] == 0:
            return (lower, upper), (lower, upper)
        left, right = (leaf_value(*self._sums(0, rows), self.limits, lower, upper) for rows in sides)
        middle = 0.5 * (left + right)
        below, above = (lower, middle), (middle, upper)
        return (below, above) if self.monotone[feature] > 0 else (above, below)

    def _sums(self, output, rows):
        return float(self.gradient[output][rows].sum()), float(self.hessian[output][rows].sum())

    # -- the best split of a node

    def _best_split(self, node):
        """(gain, feature, codes that go left) or None; the first of equals."""
        best, best_gain = None, self.limits["gamma"]
        for feature in self._allowed(node):
            for goes_left in self._ways([node], feature, node):
                gain = self._gain(node, feature, goes_left, node)
                if gain is not None and gain > best_gain:
                    best, best_gain = (gain, feature, goes_left), gain
        return best and (*best[:2], self._with_absent([node], best[1], best[2], node))

    def _allowed(self, node):
        if node["depth"] == self.limits["max_depth"]:
            return []
        if len(self.interactions) == 0:
            return range(self.codes.shape[1])
        open_groups = [group for is_open, group in zip(node["groups"], self.interactions) if is_open]
        return [feature for feature in range(self.codes.shape[1]) if any(group[feature] for group in open_groups)]

    def _present(self, nodes, feature):
        """Codes that occur in rows of any weight."""
        rows = np.concatenate([node["rows"] for node in nodes])
        return sorted({int(self.codes[row, feature]) for row in rows if self.hessian[:, row].any()})

    def _ways(self, nodes, feature, root):
        """Sets of codes that may go left, in the order of the scan; categories are ordered by their sums in `root`."""
        n_codes, present = self.n_codes[feature], self._present(nodes, feature)
        if self.is_categorical[feature]:
            return self._category_ways(self._category_order(root, feature))
        is_missing = 0 in present
        missing_right = [set(range(1, c + 1)) for c in range(1, n_codes if is_missing else n_codes - 1)]
        missing_left = [set(range(c + 1)) for c in range(1, n_codes - 1)]
        return missing_right + (missing_left if is_missing else [])

    def _category_ways(self, order):
        if len(order) <= self.limits["max_cat_to_onehot"]:
            return [{code} for code in order]
        n, most = len(order), self.limits["max_cat_threshold"]
        return [set(order[:k]) for k in range(1, n) if min(k, n - k) <= most]

    def _category_order(self, node, feature):
        codes = self._present([node], feature)
        rows = {code: node["rows"][self.codes[node["rows"], feature] == code] for code in codes}
        smooth, outputs = self.limits["cat_smooth"] + 1e-300, range(len(self.gradient))
        sums = {code: [self._sums(k, rows[code]) for k in outputs] for code in codes}
        spread = [sum(sums[code][k][0] ** 2 / (sums[code][k][1] + smooth) for code in codes) for k in outputs]
        k = int(np.argmax(spread))
        return sorted(codes, key=lambda code: (sums[code][k][0] / (sums[code][k][1] + smooth), code))

    def _gain(self, node, feature, goes_left, root):
        """Gain; None if a side has too little; -inf if the sides' values break a monotone constraint."""
        limits = self.limits
        to_left = np.isin(self.codes[node["rows"], feature], list(goes_left))
        sides = node["rows"][to_left], node["rows"][~to_left]
        fewest = min(self.counted[side].sum() for side in sides)
        if fewest < limits["min_samples_leaf"] > 1:
            return None
        scores, weights = [], np.zeros(2)
        n_codes = len(self._present([root], feature))
        if self.is_categorical[feature] and n_codes > limits["max_cat_to_onehot"]:
            cat_l2 = limits["cat_l2"] * max(1, (self.n_codes[feature] - 1) / 255)
            limits = {**limits, "reg_lambda": limits["reg_lambda"] + cat_l2}
        for k in range(len(self.gradient)):
            sums = [self._sums(k, side) for side in sides]
            left, right = (leaf_value(g, h, limits, node["lower"], node["upper"]) for g, h in sums)
            if (right - left) * self.monotone[feature] < 0 and not self.is_categorical[feature]:
                return -math.inf
            scores += [score_of_value(*sums[0], left, limits), score_of_value(*sums[1], right, limits)]
            weights += [sums[0][1], sums[1][1]]
        if weights.min() <= 0 or weights.min() < limits["min_child_weight"] * len(self.gradient):
            return None
        return math.fsum(scores) - self._score(node) * (1.0 + NO_BENEFIT)

    def _score(self, node):
        sums = [self._sums(k, node["rows"]) for k in range(len(self.gradient))]
        bounds = node["lower"], node["upper"]
        return math.fsum(score_of_value(g, h, leaf_value(g, h, self.limits, *bounds), self.limits) for g, h in sums)

    def _with_absent(self, nodes, feature, goes_left, root):
        """What no row of the node tells (missing, or a category that does not occur) follows the heavier side."""
        rows = np.concatenate([node["rows"] for node in nodes])
        to_left = np.isin(self.codes[rows, feature], list(goes_left))
        weight = self.hessian[:, rows].sum(axis=0)
        if 2.0 * weight[to_left].sum() <= weight.sum():
            return goes_left
        if self.is_categorical[feature]:
            return goes_left | (set(range(self.n_codes[feature])) - set(self._present([root], feature)))
        return goes_left if 0 in self._present(nodes, feature) else goes_left | {0}

    # -- symmetric trees: one split for all nodes of a level; a node that it leaves too little gains nothing

    def _symmetric_tree(self, root):
        nodes = [root]
        for level in range(self.limits["max_depth"]):
            first = 2**level - 1
            split = self._best_level_split(nodes[first:], root)
            if split is None:
                break
            for number in range(first, 2 * first + 1):
                self._split(nodes, number, split, len(nodes))
        return nodes

    def _best_level_split(self, nodes, root):
        best, best_gain = None, self.limits["gamma"]
        for feature in self._allowed(nodes[0]):
            for goes_left in self._ways(nodes, feature, root):
                gain = math.fsum(self._gain(node, feature, goes_left, root) or 0.0 for node in nodes)
                if gain > best_gain:
                    best, best_gain = (gain, feature, goes_left), gain
        return best and (*best[:2], self._with_absent(nodes, best[1], best[2], root))


def leaf_value(gradient, hessian, limits, lower, upper):
    """The allowed v that minimises G v + (H + lambda) v^2 / 2 + alpha |v|."""
    shrunk = math.copysign(max(abs(gradient) - limits["reg_alpha"], 0.0), gradient)
    curvature = hessian + limits["reg_lambda"]
    value = -shrunk / curvature if curvature > 0.0 else 0.0
    if limits["max_delta_step"] > 0.0:
        value = min(max(value, -limits["max_delta_step"]), limits["max_delta_step"])
    return min(max(value, lower), upper)


def score_of_value(gradient, hessian, value, limits):
    """What the value takes off the objective, times two."""
    penalty = 2.0 * limits["reg_alpha"] * abs(value)
    return -(2.0 * gradient * value + (hessian + limits["reg_lambda"]) * value * value + penalty)


def split_mix(seed, counter):
    """The counter-th output of SplitMix64 (Steele, Lea, Flood 2014, figure 17)."""
    mask = 2**64 - 1
    z = (seed + (counter + 1) * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


# -- CART ------------------------------------------------------------------------------------------------------------
# A node is a dict as above, and once split has its threshold and missing_left too.


class Cart:
    """Grows one CART by trying every split of every node.

    X : (n_samples, n_features) as trees read it; codes : the same as codes, 0 where missing; y : (n_outputs, n_samples)
    n_classes : of each output, or None; limits : CartLimits; counted : (n_samples,) rows that thresholds lie between
    """

    def __init__(self, X, codes, is_categorical, y, n_classes, weight, limits, monotone, counted):
        self.X, self.codes, self.is_categorical = X, codes, is_categorical
        self.y, self.n_classes, self.weight, self.limits, self.monotone = y, n_classes, weight, limits, monotone
        self.counted = counted
        self.is_exact = limits.criterion in ("gini", "squared_error", "absolute_error")  # no logarithms
        self.stats = self._numbers() if n_classes is None else self._classes()

    def _numbers(self):
        """Targets from the middle of their range, times weights; (n_samples, n_outputs)."""
        low, high = self.y[:, self.counted].min(axis=1), self.y[:, self.counted].max(axis=1)
        self.center = np.zeros(len(self.y)) if self.limits.criterion == "poisson" else 0.5 * low + 0.5 * high
        return ((self.y - self.center[:, None]) * self.weight).T

    def _classes(self):
        """Weights in the columns of the rows' classes; (n_samples, sum of n_classes)."""
        indicators = [np.eye(n)[codes] for codes, n in zip(self.y, self.n_classes)]
        return np.concatenate(indicators, axis=1) * self.weight[:, None]

    def tree(self, follow=None):
        """List of nodes, the root first; of splits that are equal but for rounding, those of the tree `follow`."""
        self.follow, self.nodes = follow, []
        self._add(np.flatnonzero(self.weight > 0), 0, -math.inf, math.inf)
        if self.limits.max_leaf_nodes > 0:
            self._grow_best_first()
        else:
            self._grow_depth_first(0)
        return self.nodes

    def _grow_depth_first(self, number):
        split = self._best_split(number)
        for side in range(2 if split else 0):
            self._grow_depth_first(self._add_child(number, split, side))

    def _grow_best_first(self):
        waiting = {0: self._best_split(0)}
        while len(self.nodes) < 2 * self.limits.max_leaf_nodes - 1:
            waiting = {number: split for number, split in waiting.items() if split}
            if not waiting:
                return
            number = self._next(waiting)
            split = waiting.pop(number)
            for side in range(2):
                child = self._add_child(number, split, side)
                waiting[child] = self._best_split(child)

    def _next(self, waiting):
        best = max(split["gain"] for split in waiting.values())
        equal = [number for number in sorted(waiting) if waiting[number]["gain"] >= best - self._rounding(best)]
        followed = [number for number in equal if self.follow and self.follow.left[number] >= 0]
        return min(followed, key=lambda number: self.follow.left[number]) if followed else equal[0]

    def _rounding(self, number):
        return 0.0 if self.is_exact else 1e-9 * (1.0 + abs(number))

    # -- a node

    def _add_child(self, parent, split, side):
        node, name = self.nodes[parent], ("left", "right")[side]
        node |= {key: split[key] for key in ("feature", "goes_left", "threshold", "missing_left", "gain")}
        node[name] = len(self.nodes)
        lower, upper, direction = node["lower"], node["upper"], self.monotone[split["feature"]]
        if direction and (direction > 0) == (side == 0):
            upper = split["middle"]
        elif direction:
            lower = split["middle"]
        is_heavy_left = 2 * self.weight[split["rows"][0]].sum() > node["cover"]
        turned = bool(self.is_categorical[split["feature"]]) and is_heavy_left  # which categories go left says nothing
        path = split_mix(node["path"], 1 - side if turned else side) >> 1
        return self._add(split["rows"][side], node["depth"] + 1, lower, upper, path)

    def _add(self, rows, depth, lower, upper, path=0):
        node = {"rows": rows, "depth": depth, "lower": lower, "upper": upper, "left": -1, "right": -1, "gain": 0.0}
        node["path"] = path
        node |= {"cover": self.weight[rows].sum(), "impurity": self.impurity(rows)}
        values = self._values(rows)
        if any(self.monotone):
            clipped = min(max(values[-1], lower), upper)
            values = [clipped] if self.n_classes is None else [1.0 - clipped, clipped]
        self.nodes.append({**node, "values": values})
        return len(self.nodes) - 1

    def _values(self, rows):
        if self.n_classes is not None:
            return self.stats[rows].sum(axis=0) / self.weight[rows].sum()
        if self._is_pure(rows):
            return self.y[:, rows[0]]
        if self.limits.criterion == "absolute_error":
            return np.array([weighted_quantile(y[rows], self.weight[rows], 0.5) for y in self.y])
        return self.center + self.stats[rows].sum(axis=0) / self.weight[rows].sum()

    def _is_pure(self, rows):
        return all((y[rows] == y[rows[0]]).all() for y in self.y)

    def impurity(self, rows):
        """By the definitions; mean over the outputs."""
        return 0.0 if self._is_pure(rows) else float(np.mean([self._impurity(k, rows) for k in range(len(self.y))]))

    def _impurity(self, k, rows):
        y, weight = self.y[k][rows], self.weight[rows] / self.weight[rows].sum()
        if self.n_classes is not None:
            shares = np.bincount(y, weight)
            is_gini = self.limits.criterion == "gini"
            return 1.0 - shares @ shares if is_gini else -sum(p * math.log2(p) for p in shares if p)
        if self.limits.criterion == "squared_error":
            return weight @ (y - weight @ y) ** 2
        if self.limits.criterion == "absolute_error":
            return weight @ np.abs(y - weighted_quantile(y, self.weight[rows], 0.5))
        return weight @ np.array([t * math.log(t / (weight @ y)) if t else 0.0 for t in y])

    # -- the best split of a node

    def _best_split(self, number):
        """The best split or None; among equals a feature is drawn, always the same, and of its splits the first."""
        node = self.nodes[number]
        splits = [] if self._must_be_leaf(node) else self._splits(node)
        best = max((split["score"] for split in splits), default=-math.inf)
        equal = [split for split in splits if split["score"] >= best - self._rounding(best)]
        equal.sort(key=lambda split: split_mix(node["path"], split["feature"]))
        followed = [split for split in equal if self.follow and self._is_followed(number, split)]
        if not equal or best == -math.inf:
            return None
        split = (followed or equal)[0]
        gain = self._gain(node, split["score"])
        if gain / self.weight.sum() + 2.0**-52 < self.limits.min_impurity_decrease:
            return None
        return self._with_absent(node, {**split, "gain": max(gain, 0.0)})

    def _must_be_leaf(self, node):
        n_rows, limits = len(node["rows"]), self.limits
        is_small = n_rows < limits.min_samples_split or n_rows < 2 * limits.min_samples_leaf
        return is_small or node["depth"] == limits.max_depth or node["impurity"] <= 2.0**-52

    def _is_followed(self, number, split):
        same = self.follow.feature[number] == split["feature"]
        return same and self.follow.count[self.follow.left[number]] == len(split["rows"][0])

    def _splits(self, node):
        """All that are allowed; those of a feature in the order in which equals win."""
        splits, rows = [], node["rows"]
        for feature in range(self.X.shape[1]):
            for goes_left, threshold in self._ways(rows, feature):
                to_left = np.isin(self.codes[rows, feature], list(goes_left))
                split = {"feature": feature, "goes_left": goes_left, "threshold": threshold, "middle": None}
                split |= {"rows": (rows[to_left], rows[~to_left]), "missing_left": 0 in goes_left}
                if self._is_allowed(node, split):
                    splits.append({**split, "score": sum(self._score(side) for side in split["rows"])})
        return splits

    def _ways(self, rows, feature):
        """(codes that go left, threshold) for each place where the feature can be cut."""
        present = sorted({int(code) for code in self.codes[rows, feature]})
        if self.is_categorical[feature]:
            order = self._category_order(rows, feature, present)
            return [(set(order[:k]), math.nan) for k in range(1, len(order))]
        known = [code for code in present if code > 0]
        cuts = [(set(known[: i + 1]), self._threshold(feature, known[i], known[i + 1])) for i in range(len(known) - 1)]
        if len(known) == len(present) or not known:
            return cuts
        return [*cuts, (set(known), math.inf), *((goes_left | {0}, threshold) for goes_left, threshold in cuts)]

    def _threshold(self, feature, below, above):
        """Middle of the gap between the values of two codes, or the nearer end of the code that it would divide."""
        column, codes = self.X[self.counted, feature], self.codes[self.counted, feature]
        between = [code for code in range(below, above + 1) if (codes == code).any()]
        low, high = ({code: end(column[codes == code]) for code in between} for end in (min, max))
        threshold = _middle(high[below], low[above])
        divided = next((k for k in between if low[k] <= threshold < high[k]), None)
        if divided is None:
            return _as_float32(threshold, column[column > threshold].min())
        if threshold - low[divided] < high[divided] - threshold:
            return _middle(high[between[between.index(divided) - 1]], low[divided])
        return _as_float32(high[divided], column[column > high[divided]].min())

    def _category_order(self, rows, feature, present):
        """By the mean of the class or output in which they differ most; missing last among equals."""
        weight = {code: self.weight[rows[self.codes[rows, feature] == code]].sum() for code in present}
        sums = {code: self.stats[rows[self.codes[rows, feature] == code]].sum(axis=0) for code in present}
        total, cover = self.stats[rows].sum(axis=0), self.weight[rows].sum()
        ordered = sorted(present, key=lambda code: (code == 0, code))
        spreads = []
        for k in range(len(total)):
            spread = -total[k] * total[k] / cover
            for code in ordered:
                spread += sums[code][k] * sums[code][k] / weight[code]
            spreads.append(spread)
        k = int(np.argmax(spreads))
        return sorted(ordered, key=lambda code: sums[code][k] / weight[code])

    def _is_allowed(self, node, split):
        sides, limits = split["rows"], self.limits
        if min(map(len, sides)) < limits.min_samples_leaf:
            return False
        if min(self.weight[side].sum() for side in sides) < limits.min_weight_fraction_leaf * self.weight.sum():
            return False
        if not any(self.monotone):
            return True
        below, above = (self._values(side)[-1] for side in sides)
        split["middle"] = 0.5 * below + 0.5 * above
        is_ordered = (above - below) * self.monotone[split["feature"]] >= 0
        return is_ordered and min(below, above) >= node["lower"] and max(below, above) <= node["upper"]

    def _score(self, rows):
        """-(weight x impurity) but for sums over the rows, summed over the outputs."""
        if self.limits.criterion == "absolute_error":
            return -sum(self._deviation(y[rows], self.weight[rows]) for y in self.y)
        sums, weight = [float(total) for total in self.stats[rows].sum(axis=0)], float(self.weight[rows].sum())
        if self.limits.criterion in ("gini", "squared_error"):
            return sum(total * total for total in sums) / weight
        if self.limits.criterion == "entropy":
            return math.fsum(s * math.log2(s) for s in sums if s) - len(self.y) * weight * math.log2(weight)
        return -math.inf if min(sums) <= 0 else math.fsum(s * math.log(s / weight) for s in sums)

    @staticmethod
    def _deviation(y, weight):
        return float(weight @ np.abs(y - weighted_quantile(y, weight, 0.5)))

    def _gain(self, node, score):
        if self.limits.criterion == "absolute_error":
            per_row = -self._score(node["rows"]) / (node["cover"] * len(self.y))  # rounded as the impurity is
            return node["cover"] * per_row + score / len(self.y)
        return 1.0 / len(self.y) * (score - self._score(node["rows"]))

    def _with_absent(self, node, split):
        """A category that does not occur follows most of the weight; missing_left is None where no row misses."""
        rows, feature = node["rows"], split["feature"]
        present = set(self.codes[rows, feature].tolist())
        left, _ = split["rows"]
        if self.is_categorical[feature]:
            absent = set(range(64)) - present  # tables for this have fewer codes
            goes_left = split["goes_left"] | (absent if 2 * self.weight[left].sum() > node["cover"] else set())
            return {**split, "goes_left": goes_left, "missing_left": 0 in goes_left}
        return split if 0 in present else {**split, "missing_left": None}


# -- explanations ----------------------------------------------------------------------------------------------------


def expected_value(trees, weight, value, node, row, present, failed=frozenset()):
    """Value below a node: features in `present` send the row their way, others both ways, by the nodes' weights.

    value : callable, leaf and the features whose tests the row fails on the way -> what the leaf adds
    """
    left, right = int(trees.left[node]), int(trees.right[node])
    if left < 0:
        return value(node, failed)
    feature = int(trees.feature[node])
    goes_left = _goes_left(trees, node, row[feature])
    total = weight[left] + weight[right]
    share = weight[left] / total if total > 0 else 0.5  # a symmetric tree may have nodes without rows
    if feature in present:
        share = float(goes_left)
    sides = [failed if goes_left else failed | {feature}, failed | {feature} if goes_left else failed]
    return sum(
        part * expected_value(trees, weight, value, child, row, present, side)
        for part, child, side in zip((share, 1 - share), (left, right), sides)
        if part > 0
    )


def leaf_with_slopes(value, slopes, k, row, present, leaf, failed):
    """What a leaf adds if absent features stand at their means in it, as LeafSlopes says."""
    entries = range(slopes.start[leaf], slopes.start[leaf + 1])
    used = [(int(slopes.feature[e]), slopes.slope[e, k], slopes.mean[e, k]) for e in entries]
    if any(j in present and not np.isfinite(row[j]) for j, _, _ in used):
        return value[leaf]
    steps = {j: slope * (row[j] - mean) for j, slope, mean in used if np.isfinite(row[j]) and j not in failed}
    total, limit = sum(steps.values()), slopes.limit[leaf]
    cut = min(max(value[leaf] + total, -limit), limit) - value[leaf]
    share = cut / total if total else 1.0
    return value[leaf] + share * sum(step for j, step in steps.items() if j in present)


def games(additive, row, slopes=None):
    """{frozenset of features: (n_outputs,) prediction of an encoded row of which only these features are known}."""
    trees, features = additive.trees, sorted(set(additive.trees.feature[additive.trees.feature >= 0].tolist()))
    values = trees.values * additive.scale[trees.tree_of_node, None]
    game = {}
    for present in subsets(features):
        game[present] = np.array(additive.baseline, float)
        for tree, root in enumerate(trees.roots):
            for k in range(additive.n_outputs):
                if trees.output[tree] in (-1, k):
                    column = k if trees.n_values > 1 else 0
                    if slopes is None:
                        leaf = lambda node, _, column=column: values[node, column]  # noqa: E731
                    else:
                        leaf = functools.partial(leaf_with_slopes, values[:, column], slopes, column, row, present)
                    game[present][k] += expected_value(trees, additive.node_weight, leaf, root, row, present)
    return game


def subsets(features):
    for size in range(len(features) + 1):
        yield from map(frozenset, itertools.combinations(features, size))


def shapley_values(game, n_features, *, index="shapley"):
    """(n_features, n_outputs) from all differences that a feature makes."""
    players = max(game, key=len)
    values = np.zeros((n_features, len(game[players])))
    for i in players:
        for present in game:
            if i not in present:
                p, size = len(players), len(present)
                share = 1 / (p * math.comb(p - 1, size)) if index == "shapley" else 0.5 ** (p - 1)
                values[i] += share * (game[present | {i}] - game[present])
    return values


def interaction_values(game, n_features, *, index="shapley"):
    """(n_features, n_features, n_outputs): interactions halved, and on the diagonal what is left of values."""
    players = max(game, key=len)
    p = len(players)
    matrix = np.zeros((n_features, n_features, len(game[players])))
    for i, j in itertools.permutations(players, 2):
        for present in game:
            if not present & {i, j}:
                size = len(present)
                share = 1 / ((p - 1) * math.comb(p - 2, size)) if index == "shapley" else 0.5 ** (p - 2)
                together = game[present | {i, j}] - game[present | {i}] - game[present | {j}] + game[present]
                matrix[i, j] += 0.5 * share * together
    each = np.arange(n_features)
    matrix[each, each] = shapley_values(game, n_features, index=index) - matrix.sum(axis=1)
    return matrix
