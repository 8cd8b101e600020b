"""Categories as digits: each halves the levels that are left, at a border of a normal distribution."""

from copy import copy

import numpy as np
from scipy.special import ndtr, ndtri

from skensemble.generative.tables._boxes import Boxes
from skensemble.generative.tables._category_axis import FARTHEST

FEWEST_TO_CALIBRATE = 20  # rows at a border
GAP = 1.0  # between the border and the places of the levels on either side of it
SCALE = 0.5  # of the columns, which makes their variance about 1


class CategoryDigits:
    """A binary tree over K levels, with one column for each of its ceil(log2 K) depths (nested dichotomies).

    digit 0       {a b | c d e}                 a : left,  left
    digit 1     {a | b}   {c | d e}             d : right, right, left
    digit 2                    {d | e}          c : right, left,  any

    A digit is a number with a normal distribution, cut at the border of its node, which has the share of the left side
    on its left; both sides move away from the border by `GAP`, so that a model with small errors seldom crosses it.
    The digits of any levels have the same distributions, and only their dependence is left to learn.  The cells of the
    levels fill the space.  A small error leads to a level that is alike, if neighbours in the order are: see
    `_level_order.py`.

    Parameters
    ----------
    weights : (K,) > 0
    order : (K,) levels from left to right

    Attributes
    ----------
    children : (n_nodes, 2) intp, number of a node, or -1 - level
    depths, borders : (n_nodes,)
    """

    def __init__(self, weights, order):
        self.n_levels = len(order)
        self.n_columns = int(self.n_levels - 1).bit_length()
        masses = np.asarray(weights, np.float64)[np.asarray(order)] / np.sum(weights)
        self._grow(np.asarray(order, np.intp), masses)

    def _grow(self, order, masses):
        """Nodes in the order of their depths."""
        children, depths, shares = [], [], []
        open_nodes = [(0, self.n_levels, 0)] if self.n_levels > 1 else []
        for first, last, depth in open_nodes:  # grows
            middle = first + _split(masses[first:last], 1 << (self.n_columns - depth - 1))
            pair = []
            for start, stop in ((first, middle), (middle, last)):
                if stop - start == 1:
                    pair.append(-1 - order[start])
                else:
                    pair.append(len(open_nodes))
                    open_nodes.append((start, stop, depth + 1))
            children.append(pair)
            depths.append(depth)
            shares.append((masses[first:middle].sum(), masses[middle:last].sum()))
        self.children = np.array(children, np.intp).reshape(-1, 2)
        self.depths = np.array(depths, np.intp)
        self.shares = np.array(shares, np.float64).reshape(-1, 2)
        self.shares /= self.shares.sum(axis=1, keepdims=True)
        left, right = self.shares.T
        self.borders = np.where(left < 0.5, ndtri(left), -ndtri(right))

    def names(self, name):
        """Names of the encoded columns."""
        return [name] if self.n_columns == 1 else [f"{name}_digit{i}" for i in range(self.n_columns)]

    def boxes(self, codes):
        """Boxes of levels; the whole space for codes below 0."""
        start, width, shift = self._cells()
        return Boxes.of_levels(start[codes], width[codes], shift[codes], SCALE)  # the last row is that of -1

    def _cells(self):
        """(start, width, shift), (K + 1, n_columns) each; the last row is the whole space."""
        start, width, shift = np.zeros((3, self.n_levels + 1, self.n_columns))
        width += 1.0
        left, right = ndtr(self.borders), ndtr(-self.borders)
        for levels, node, side in self._sides():
            start[levels, self.depths[node]] = left[node] if side else 0.0
            width[levels, self.depths[node]] = right[node] if side else left[node]
            shift[levels, self.depths[node]] = GAP if side else -GAP
        return start, width, shift

    def _sides(self):
        """[(levels, node, side)]: the levels on each side of each node."""
        found, below = [], {}
        for node in range(len(self.children))[::-1]:
            below[node] = []
            for side, child in enumerate(self.children[node]):
                levels = [-1 - child] if child < 0 else below[child]
                below[node] = below[node] + levels
                found.append((levels, node, side))
        return found

    def decode(self, encoded, excluded=None):
        """(n_rows,) intp, the level whose cell holds the row; the cell of `excluded` goes to its neighbours."""
        return self._descend(encoded, self._borders_without(excluded))

    def _borders_without(self, excluded):
        borders = self.borders.copy()
        if excluded is not None:
            node, side = np.argwhere(self.children == -1 - excluded)[0]
            borders[node] = np.inf if side else -np.inf
        return borders

    def _descend(self, encoded, borders, calibrate=None):
        """The level of each row; `calibrate(node, values)` gives the border of a node whose rows have these values."""
        level = np.zeros(len(encoded), np.intp)
        rows_of = {0: np.arange(len(encoded))}
        for node, (left, right) in enumerate(self.children):
            rows = rows_of.pop(node)
            values = encoded[rows, self.depths[node]] / SCALE
            if calibrate is not None:
                borders[node] = calibrate(node, values)
            is_right = values >= borders[node]
            for child, chosen in ((left, rows[~is_right]), (right, rows[is_right])):
                if child < 0:
                    level[chosen] = -1 - child
                else:
                    rows_of[child] = chosen
        return level

    def calibrated(self, encoded):
        """The digits with the borders between which generated rows have the shares of fit."""
        digits = copy(self)
        digits.borders = self.borders.copy()

        def border(node, values):
            if len(values) < FEWEST_TO_CALIBRATE:
                return self.borders[node]
            return np.clip(np.quantile(values, self.shares[node, 0]), -FARTHEST, FARTHEST)

        self._descend(encoded, digits.borders, border)
        return digits


def _split(masses, most):
    """How many levels go to the left: of those with at most `most` on each side, as near to half the mass as can be."""
    counts = np.arange(max(1, len(masses) - most), min(most, len(masses) - 1) + 1)
    left = np.cumsum(masses)[counts - 1]
    return int(counts[np.argmin(np.abs(left - 0.5 * masses.sum()))])
