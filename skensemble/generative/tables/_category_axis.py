"""Categories side by side on one axis, as intervals of a normal distribution."""

from copy import copy

import numpy as np
from scipy.special import ndtr, ndtri

from skensemble.generative.tables._boxes import Boxes

FARTHEST = 7.0  # where borders lie at most: the mass beyond is 1e-12


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
    """

    def __init__(self, weights, order):
        self.n_levels = len(order)
        self.order = np.asarray(order)
        self._place = np.argsort(self.order)
        shares = np.asarray(weights, np.float64)[self.order] / np.sum(weights)
        self._below = np.cumsum(shares)[:-1]
        above = np.cumsum(shares[::-1])[::-1][1:]  # summed from the right: 1 - below would lose digits
        self.borders = np.where(self._below < 0.5, ndtri(self._below), -ndtri(above))

    @property
    def n_columns(self):
        return int(self.n_levels > 1)

    def names(self, name):
        """Names of the encoded columns."""
        return [name] * self.n_columns

    def boxes(self, codes):
        """Boxes of levels; the whole axis for codes below 0."""
        if self.n_columns == 0:
            return Boxes.of_levels(np.empty((len(codes), 0)), np.empty((len(codes), 0)))
        ends = np.concatenate([[0.0], ndtr(self.borders), [1.0]])
        start = np.where(codes >= 0, ends[:-1][self._place][codes], 0.0)
        width = np.where(codes >= 0, _masses(self.borders)[self._place][codes], 1.0)
        return Boxes.of_levels(start[:, None], width[:, None])

    def decode(self, encoded, excluded=None):
        """(n_rows,) intp, the level whose interval holds the row; the interval of `excluded` goes to its neighbours."""
        if self.n_levels == 1:
            return np.zeros(len(encoded), np.intp)
        order, borders = self.order, self.borders
        if excluded is not None:
            place = int(np.flatnonzero(order == excluded)[0])
            order, borders = np.delete(order, place), _without_interval(borders, place)
        return order[np.searchsorted(borders, encoded[:, 0], side="right")]

    def calibrated(self, encoded):
        """The axis with the borders between which generated rows have the shares of fit."""
        if self.n_columns == 0:
            return self
        axis = copy(self)
        axis.borders = np.clip(np.quantile(encoded[:, 0], self._below), -FARTHEST, FARTHEST)
        return axis


def _masses(borders):
    """Masses of the intervals under the normal distribution; right of 0 as those of their mirror images, for digits."""
    low, high = np.concatenate([[-np.inf], borders]), np.concatenate([borders, [np.inf]])
    masses = np.where(low > 0.0, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low))
    return np.maximum(masses, np.finfo(np.float64).tiny)


def _without_interval(borders, place):
    """The borders without one interval, which is divided between its neighbours."""
    if place in (0, len(borders)):
        return np.delete(borders, min(place, len(borders) - 1))
    middle = 0.5 * (borders[place - 1] + borders[place])
    return np.concatenate([borders[: place - 1], [middle], borders[place + 1 :]])
