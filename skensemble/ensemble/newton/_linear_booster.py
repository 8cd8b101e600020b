"""Rounds of a linear model (booster="gblinear"): coordinate descent on the second-order expansion of the loss.

With the gradients g and hessians h of a round, one coefficient after the other moves towards the minimum of

    sum_i g_i d_i + h_i d_i^2 / 2  +  lambda |coef|^2 / 2  +  alpha |coef|_1 ,      d_i: change of the raw prediction

and the gradients follow each step, as in XGBoost's `coord_descent`.  Knows losses and columns, no estimator.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble._random import mixed_seed
from skensemble.ensemble.losses._regression_losses import Quantile
from skensemble.ensemble.newton._boosting_loop import GRADIENT_BLOCK, Fold
from skensemble.ensemble.newton._coordinate_descent import (
    GRADIENT,
    HESSIAN,
    SHIFT,
    add_column,
    add_linear,
    descend,
    measure_steps,
)
from skensemble.ensemble.rows._row_sampling import row_keys

ROW_BLOCK = 1024  # rows that are encoded at once
NEAR = 0.01  # residuals below this share of their mean count as this large

# -- the model -------------------------------------------------------------------------------------------------------


class LinearModel(NamedTuple):
    """Coefficients after 0, 1, 2, ... rounds.

    raw prediction = baseline + intercept + sum of cells times coefficients, in the units of the columns
    """

    coef: np.ndarray  # (n_rounds + 1, n_outputs, n_terms)
    intercept: np.ndarray  # (n_rounds + 1, n_outputs)

    @classmethod
    def of_zeros(cls, n_outputs, n_terms):
        return cls(np.zeros((1, n_outputs, n_terms)), np.zeros((1, n_outputs)))

    def extended(self, rounds):
        """With the LinearRounds that follow."""
        coef = np.concatenate([self.coef, *(round_.coef[None] for round_ in rounds)])
        return LinearModel(coef, np.concatenate([self.intercept, *(round_.intercept[None] for round_ in rounds)]))

    def raw(self, encoder, table, baseline, n_threads=1):
        """(n_samples, n_outputs) raw predictions."""
        (raw,) = linear_raw(encoder, table, self.coef[-1:], baseline + self.intercept[-1:], n_threads)
        return raw

    def staged_raw(self, encoder, table, baseline, n_threads=1):
        """Yield them after each round."""
        yield from linear_raw(encoder, table, self.coef[1:], baseline + self.intercept[1:], n_threads)

    def importances(self, first_terms):
        """(n_features,) sum of the absolute coefficients of each feature."""
        size = np.append(0.0, np.cumsum(np.abs(self.coef[-1]).sum(axis=0)))
        return np.diff(size[first_terms])


class LinearRound(NamedTuple):
    """Coefficients after a round."""

    coef: np.ndarray  # (n_outputs, n_terms)
    intercept: np.ndarray  # (n_outputs,)


def linear_raw(encoder, table, coefs, intercepts, n_threads=1):
    """Yield (n_samples, n_outputs) raw predictions for each of coefs (n, n_outputs, n_terms)."""
    if encoder.is_sparse(table):
        add = _adder_of_sparse(table)
    else:
        add = _adder_of_blocks(encoder, table, n_threads)
    for coef, intercept in zip(coefs, intercepts):
        raw = np.empty((table.n_samples, len(intercept)))
        raw[:] = intercept
        with np.errstate(over="ignore", invalid="ignore"):
            add(np.ascontiguousarray(coef.T), raw)
        if not np.isfinite(raw).all():
            raise ValueError("X must hold no infinity, and no number that overflows, for booster='gblinear'.")
        yield raw


def _adder_of_sparse(table):
    matrix = table.matrix.tocsr(copy=True).astype(np.float64)
    matrix.data[np.isnan(matrix.data)] = 0.0

    def add(coef, raw):
        raw += matrix @ coef

    return add


def _adder_of_blocks(encoder, table, n_threads):
    """Blocks of rows are encoded once, for all rounds."""
    first_term, is_categorical = encoder.first_terms, encoder.is_categorical_
    blocks = for_blocks(partial(_encoded, encoder, table), table.n_samples, ROW_BLOCK, n_threads)

    def add(coef, raw):
        def add_block(start, stop):
            add_linear(blocks[start // ROW_BLOCK], is_categorical, first_term, coef, raw[start:stop])

        for_blocks(add_block, len(raw), ROW_BLOCK, n_threads)

    return add


def _encoded(encoder, table, start, stop):
    view = np.ascontiguousarray(encoder.encode(table, start, stop), np.float64).view()
    view.flags.writeable = False  # one type for the kernel
    return view


# -- rows ------------------------------------------------------------------------------------------------------------


class LinearFold(Fold):
    """Rows whose `binned` is a LinearColumns."""

    def keys(self):
        """Copies of a row have the same weighted sum of their cells; few other rows have."""
        linear = self.binned
        coef = np.random.default_rng(0).normal(size=(1, 1, linear.n_terms))
        (sums,) = linear_raw(linear.encoder, linear.table, coef, np.zeros((1, 1)))
        return row_keys(np.empty((linear.n_samples, 0), np.uint8), np.vstack([sums.T, self.y]))

    def _binned_rows(self, rows):
        return self.binned.take(rows)

    def add(self, output, steps, shift):
        """Move the raw predictions of an output by a step of each coefficient, and by that of the intercept."""
        linear, raw = self.binned, self.raw[output]
        for j in np.flatnonzero(steps):
            add_column(linear.columns, j, steps[j], raw)
        raw += shift + steps @ linear.centres


# -- which coefficient is next ---------------------------------------------------------------------------------------
# selector(n_terms, top_k, rng, measure) yields arrays of coefficients to go through; measure() says how far each would
# go now.


def _cyclic(n_terms, top_k, rng, measure):
    yield np.arange(n_terms)


def _shuffle(n_terms, top_k, rng, measure):
    yield rng.permutation(n_terms)


def _random(n_terms, top_k, rng, measure):
    yield rng.integers(n_terms, size=n_terms)


def _greedy(n_terms, top_k, rng, measure):
    for _ in range(min(top_k, n_terms)):
        yield measure().argmax(keepdims=True)


def _thrifty(n_terms, top_k, rng, measure):
    yield np.argsort(-measure(), kind="stable")[:top_k]


FEATURE_SELECTORS = {
    "cyclic": _cyclic,
    "shuffle": _shuffle,
    "random": _random,
    "greedy": _greedy,
    "thrifty": _thrifty,
}

# -- the rounds ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LinearSchedule:
    """What is done in each round."""

    learning_rate: float
    reg_lambda: float
    reg_alpha: float
    direction: np.ndarray  # (n_terms,) int64: sign that a coefficient must have, or 0
    feature_selector: str
    top_k: int
    seed: int
    n_threads: int


class LinearBooster:
    """Rounds of coordinate descent, after those of `past` (LinearModel)."""

    drops = ()

    def __init__(self, loss, train, validation, schedule, past):
        self.loss, self.train, self.validation, self.schedule = loss, train, validation, schedule
        self.coef, self.intercept = past.coef[-1].copy(), past.intercept[-1].copy()
        self._weight = None if loss.applies_weights else train.weight
        self._gradient, self._hessian = (np.empty(train.raw.shape, np.float32) for _ in range(2))
        self._change = np.empty(train.raw.shape[1])

    def round(self, number):
        """Move the coefficients in round `number`; returns them."""
        self._fill_gradients()
        rng = np.random.default_rng(mixed_seed(self.schedule.seed, number))
        for output in range(len(self.coef)):
            self._move_output(output, rng)
        return LinearRound(self.coef.copy(), self.intercept.copy())

    def _fill_gradients(self):
        loss, train, n_samples = self.loss, self.train, self.train.raw.shape[1]
        block = n_samples if loss.needs_all_rows else GRADIENT_BLOCK

        def fill(start, stop):
            loss.gradient_hessian(train.y, train.raw, self._gradient, self._hessian, start, stop, train.weight)

        for_blocks(fill, n_samples, block, self.schedule.n_threads)
        if loss.optimal_leaf_values is not None:
            _fill_curvature(loss, train, self._weight, self._gradient, self._hessian)

    def _move_output(self, output, rng):
        schedule, train, coef = self.schedule, self.train, self.coef[output]
        gradient, hessian = self._weighted(self._gradient[output]), self._weighted(self._hessian[output])
        before = coef.copy()
        totals = np.array([gradient.sum(), hessian.sum(), 0.0])
        if not totals[HESSIAN] > 0.0:
            return
        totals[SHIFT] = -schedule.learning_rate * totals[GRADIENT] / totals[HESSIAN]
        totals[GRADIENT] += totals[SHIFT] * totals[HESSIAN]
        self._change[:] = 0.0
        problem = (train.binned.columns, coef, schedule.direction, gradient, hessian, self._change, totals)
        self._descend(problem, rng)
        train.raw[output] += self._change + totals[SHIFT]
        steps = coef - before
        shift = totals[SHIFT] - steps @ train.binned.centres
        self.intercept[output] += shift
        if self.validation is not None:
            self.validation.add(output, steps, shift)

    def _descend(self, problem, rng):
        schedule, n_terms = self.schedule, self.coef.shape[1]
        penalties = (schedule.reg_alpha, schedule.reg_lambda)

        def measure():
            sizes = np.empty(n_terms)
            measure_steps(*problem, *penalties, sizes)
            return sizes

        if n_terms:
            select = FEATURE_SELECTORS[schedule.feature_selector]
            for order in select(n_terms, schedule.top_k, rng, measure):
                descend(order, *problem, schedule.learning_rate, *penalties)

    def _weighted(self, derivative):
        weight = self._weight
        return derivative.astype(np.float64) if weight is None else derivative * weight


def _fill_curvature(loss, fold, weight, gradient, hessian):
    """Losses with a kink have no second derivative to speak of.  The parabola that touches the loss at a residual r and
    nowhere falls below it has one: |g| / |r|, or 1 / (2 |r|) for quantiles (Hunter & Lange 2000, equation 5)."""
    for output in range(len(hessian)):
        y = fold.y if fold.y.ndim == 1 else fold.y[output]
        residual = np.abs(y - fold.raw[output])
        near = NEAR * np.average(residual, weights=weight)
        slope = 0.5 if isinstance(loss, Quantile) else np.abs(gradient[output])
        hessian[output] = slope / np.maximum(residual, near) if near > 0.0 else 1.0
