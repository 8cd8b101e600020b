"""Categories side by side on one axis, as intervals of a normal distribution."""

import numpy as np
from scipy.special import ndtri

OUTERMOST = 0.02  # share of the mass of the first and the last level that is cut off with the tail of the axis
UNSEEN_HALF_WIDTH = np.sqrt(3.0)  # of a uniform distribution with variance 1


class CategoryAxis:
    """An interval for each of K levels; the interval of a level of share p has mass p under the normal distribution.

    levels       c         a        d     b
    share        .3        .4       .1    .2
    axis     ---------|----------|-----|-------->
               ndtri(.3)   ndtri(.7) ndtri(.8)

    So the column has a normal distribution, whatever its levels, and only its dependence on other columns is left to
    learn.  A single column suits trees: each one-hot column would be another output, and another feature with little
    information.  A small error leads to a neighbouring level, so neighbours must be alike: see `_level_order.py`.

    Parameters
    ----------
    weights : (K,) > 0
    order : (K,) levels from left to right

    Attributes
    ----------
    middle, half_width : (K,) of the boxes of the levels; the first and the last one end in the tail
    """

    def __init__(self, weights, order):
        self.n_levels = len(order)
        self.order = np.asarray(order)
        shares = np.asarray(weights, np.float64)[self.order] / np.sum(weights)
        below = np.cumsum(shares)[:-1]
        above = np.cumsum(shares[::-1])[::-1][1:]  # summed from the right: 1 - below would lose digits
        self.borders = np.where(below < 0.5, ndtri(below), -ndtri(above))
        ends = np.concatenate([[ndtri(OUTERMOST * shares[0])], self.borders, [-ndtri(OUTERMOST * shares[-1])]])
        place = np.argsort(self.order)
        self.middle = (0.5 * (ends[1:] + ends[:-1]))[place]
        self.half_width = (0.5 * (ends[1:] - ends[:-1]))[place]

    @property
    def n_columns(self):
        return int(self.n_levels > 1)

    def names(self, name, levels):
        """Names of the encoded columns."""
        return [name] * self.n_columns

    def cells(self, codes):
        """(middle, half_width, log_volume) of the boxes of levels; the middle of the axis for codes below 0."""
        if self.n_columns == 0:
            return np.empty((len(codes), 0)), np.empty((len(codes), 0)), np.zeros(len(codes))
        middle = np.where(codes >= 0, self.middle[codes], 0.0)
        half_width = np.where(codes >= 0, self.half_width[codes], UNSEEN_HALF_WIDTH)
        return middle[:, None], half_width[:, None], np.log(2.0 * half_width)

    def decode(self, encoded, excluded=None):
        """(n_rows,) intp, the level whose interval holds the row; the interval of `excluded` goes to its neighbours."""
        if self.n_levels == 1:
            return np.zeros(len(encoded), np.intp)
        order, borders = self.order, self.borders
        if excluded is not None:
            place = int(np.flatnonzero(order == excluded)[0])
            order, borders = np.delete(order, place), _without_interval(borders, place)
        return order[np.searchsorted(borders, encoded[:, 0], side="right")]

    def encode_as_other(self, level):
        """(n_columns,) encoding of a row that has any level but this one: NaN if several are left."""
        others = np.delete(self.middle, level)
        return others if len(others) == 1 else np.full(self.n_columns, np.nan)


def _without_interval(borders, place):
    """The borders without one interval, which is divided between its neighbours."""
    if place in (0, len(borders)):
        return np.delete(borders, min(place, len(borders) - 1))
    middle = 0.5 * (borders[place - 1] + borders[place])
    return np.concatenate([borders[: place - 1], [middle], borders[place + 1 :]])
