"""Rounds of a linear model (booster="gblinear"): coordinate descent on the second-order expansion of the loss.

With the gradients g and hessians h of a round, one coefficient after the other moves towards the minimum of

    sum_i g_i d_i + h_i d_i^2 / 2  +  lambda |coef|^2 / 2  +  alpha |coef|_1 ,      d_i: change of the raw prediction

and the gradients follow each step, as in XGBoost's `coord_descent`.  Knows losses and columns, no estimator.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble._random_bits import mixed_seed
from skensemble._targets import read_monotonic_cst
from skensemble.ensemble.losses._loss import GRADIENT_BLOCK
from skensemble.ensemble.newton._booster import Booster
from skensemble.ensemble.newton._boosting_settings import ROUNDS_STREAM
from skensemble.ensemble.newton._coordinate_descent import (
    GRADIENT,
    HESSIAN,
    SHIFT,
    add_column,
    add_linear,
    descend,
    measure_steps,
)
from skensemble.ensemble.newton._explained_linear import ExplainedLinear
from skensemble.ensemble.newton._linear_columns import ColumnEncoder
from skensemble.ensemble.newton._training_data import TrainingData
from skensemble.tree._content_keys import keys_with_target, number_keys

LEARNING_RATE = 0.5  # XGBoost's
ROW_BLOCK = 1024  # rows that are encoded at once
NEAR = 0.01  # smallest residual used, as a fraction of the mean residual

# -- predictions -----------------------------------------------------------------------------------------------------


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


class LinearData(TrainingData):
    """Rows whose `binned` is a LinearColumns."""

    def keys(self):
        """Copies of a row have the same weighted sum of their cells; few other rows have."""
        linear = self.binned
        coef = np.random.default_rng(0).normal(size=(1, 1, linear.n_terms))
        (sums,) = linear_raw(linear.encoder, linear.table, coef, np.zeros((1, 1)))
        return keys_with_target(number_keys(sums[:, 0]), self.y, self.copies)

    def rest(self):
        super().rest()
        self.binned.table = None  # which only says which rows are alike, and what stands in some of them

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
class LinearSettings:
    """What is done in each round."""

    learning_rate: float
    reg_lambda: float
    reg_alpha: float
    direction: np.ndarray  # (n_terms,) int64: sign that a coefficient must have, or 0
    feature_selector: str
    top_k: int
    seed: int
    n_threads: int


class LinearRounds:
    """Rounds of coordinate descent, from coefficients (n_outputs, n_terms) and intercepts (n_outputs,)."""

    def __init__(self, loss, train, held_out, settings, coef, intercept):
        self.loss, self.train, self.held_out, self.settings = loss, train, held_out, settings
        self.coef, self.intercept = coef.copy(), intercept.copy()
        self._weight = train.weight
        self._gradient, self._hessian = (np.empty(train.raw.shape, np.float32) for _ in range(2))
        self._change = np.empty(train.raw.shape[1])

    def round(self, number):
        """Move the coefficients in round `number`; returns them."""
        self._fill_gradients()
        rng = np.random.default_rng(mixed_seed(self.settings.seed, number))
        for output in range(len(self.coef)):
            self._move_output(output, rng)
        return LinearRound(self.coef.copy(), self.intercept.copy())

    def _fill_gradients(self):
        loss, train, n_samples = self.loss, self.train, self.train.raw.shape[1]
        block = n_samples if loss.needs_all_rows else GRADIENT_BLOCK

        def fill(start, stop):
            loss.gradient_hessian(train.y, train.raw, self._gradient, self._hessian, start, stop, train.weight)

        for_blocks(fill, n_samples, block, self.settings.n_threads)
        if loss.optimal_leaf_values is not None:
            _fill_curvature(loss, train, self._weight, self._gradient, self._hessian)

    def _move_output(self, output, rng):
        settings, train, coef = self.settings, self.train, self.coef[output]
        gradient, hessian = self._weighted(self._gradient[output]), self._weighted(self._hessian[output])
        before = coef.copy()
        totals = np.array([gradient.sum(), hessian.sum(), 0.0])
        if not totals[HESSIAN] > 0.0:
            return
        totals[SHIFT] = -settings.learning_rate * totals[GRADIENT] / totals[HESSIAN]
        totals[GRADIENT] += totals[SHIFT] * totals[HESSIAN]
        self._change[:] = 0.0
        problem = (train.binned.columns, coef, settings.direction, gradient, hessian, self._change, totals)
        self._descend(problem, rng)
        train.raw[output] += self._change + totals[SHIFT]
        steps = coef - before
        shift = totals[SHIFT] - steps @ train.binned.centres
        self.intercept[output] += shift
        if self.held_out is not None:
            self.held_out.add(output, steps, shift)

    def _descend(self, problem, rng):
        settings, n_terms = self.settings, self.coef.shape[1]
        penalties = (settings.reg_alpha, settings.reg_lambda)

        def measure():
            sizes = np.empty(n_terms)
            measure_steps(*problem, *penalties, sizes)
            return sizes

        if n_terms:
            select = FEATURE_SELECTORS[settings.feature_selector]
            for order in select(n_terms, settings.top_k, rng, measure):
                descend(order, *problem, settings.learning_rate, *penalties)

    def _weighted(self, derivative):
        weight = self._weight
        return derivative.astype(np.float64) if weight is None else derivative * weight


def _fill_curvature(loss, data, weight, gradient, hessian):
    """Losses with a kink have no second derivative to speak of.  The parabola that touches the loss at a residual r and
    nowhere falls below it has one: |g| / |r|, or 1 / (2 |r|) for quantiles (Hunter & Lange 2000, equation 5)."""
    for output in range(len(hessian)):
        y = data.y if data.y.ndim == 1 else data.y[output]
        residual = np.abs(y - data.raw[output])
        near = NEAR * np.average(residual, weights=weight)
        slope = loss.parabola_slope(gradient[output])
        hessian[output] = slope / np.maximum(residual, near) if near > 0.0 else 1.0


# -- the model -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LinearBooster(Booster):
    """booster="gblinear": coefficients after 0, 1, 2, ... rounds.

    raw prediction = baseline + shifts + sum of cells times coefficients, in the units of the columns

    coefs : (n_rounds + 1, n_outputs, n_terms);  shifts : (n_rounds + 1, n_outputs)
    """

    Encoder = ColumnEncoder
    makes_trees = False

    binner: ColumnEncoder
    baseline: np.ndarray
    coefs: np.ndarray
    shifts: np.ndarray

    # -- training ----------------------------------------------------------------------------------------------------

    @classmethod
    def training_data(cls, binner, table, target, weight, start, n_threads):
        return LinearData(binner.transform(table, n_threads), target, weight, start=start)

    @classmethod
    def started(cls, binner, baseline, *, vector, n_parallel, link, output_names):
        n_outputs, n_terms = len(baseline), int(binner.first_terms[-1])
        return cls(binner, baseline, np.zeros((1, n_outputs, n_terms)), np.zeros((1, n_outputs)))

    def rounds(self, request):
        parameters, binner = request.parameters, self.binner
        monotone = read_monotonic_cst(parameters.monotonic_cst, request.features, binner.is_categorical_)
        settings = LinearSettings(
            learning_rate=LEARNING_RATE if parameters.learning_rate == "auto" else float(parameters.learning_rate),
            reg_lambda=float(parameters.reg_lambda),
            reg_alpha=float(parameters.reg_alpha),
            direction=np.repeat(monotone, binner.n_codes_ - 1),
            feature_selector=parameters.feature_selector,
            top_k=self.coefs.shape[2] if parameters.top_k is None else int(parameters.top_k),
            seed=mixed_seed(request.seed, ROUNDS_STREAM),
            n_threads=request.n_threads,
        )
        last = self.coefs[-1], self.shifts[-1]
        return LinearRounds(request.loss, request.train, request.held_out, settings, *last)

    def extended(self, rounds):
        coefs = np.concatenate([self.coefs, *(round_.coef[None] for round_ in rounds)])
        shifts = np.concatenate([self.shifts, *(round_.intercept[None] for round_ in rounds)])
        return replace(self, coefs=coefs, shifts=shifts)

    @staticmethod
    def summary(round_):
        return f"{np.count_nonzero(round_.coef)} coefficients"

    # -- the model ---------------------------------------------------------------------------------------------------

    @property
    def n_rounds(self):
        return len(self.coefs) - 1

    def raw(self, table, n_threads=1):
        (raw,) = linear_raw(self.binner, table, self.coefs[-1:], self.baseline + self.shifts[-1:], n_threads)
        return raw

    def staged_raw(self, table, n_threads=1):
        yield from linear_raw(self.binner, table, self.coefs[1:], self.baseline + self.shifts[1:], n_threads)

    def importances(self, n_features, importance_type):
        """Sums of the absolute coefficients of each feature."""
        size = np.append(0.0, np.cumsum(np.abs(self.coefs[-1]).sum(axis=0)))
        return np.diff(size[self.binner.first_terms])

    def additive_trees(self):
        raise ValueError("booster must not be 'gblinear' for a sum of trees, which is needed here: it has no trees.")

    def explained(self, link, output_names):
        return ExplainedLinear(self, link, output_names)

    def linear_model(self):
        return self

    def part(self, first, last):
        coefs, shifts = self.coefs[first : last + 1], self.shifts[first : last + 1]
        if first > 0:
            coefs, shifts = coefs - coefs[0], shifts - shifts[0]
        return replace(self, coefs=coefs, shifts=shifts)

    def joined(self, other):
        if type(other) is not type(self):
            raise ValueError("other must have the same booster, got another one beside 'gblinear'.")
        return replace(
            self,
            baseline=self.baseline + other.baseline,
            coefs=np.concatenate([self.coefs, self.coefs[-1] + other.coefs[1:]]),
            shifts=np.concatenate([self.shifts, self.shifts[-1] + other.shifts[1:]]),
        )

    def check(self, n_features):
        n_terms, n_outputs = int(self.binner.first_terms[-1]), len(self.baseline)
        if self.coefs.shape != (len(self.shifts), n_outputs, n_terms) or self.shifts.shape[1:] != (n_outputs,):
            raise ValueError(f"Malformed coefficients: there must be {n_terms} for each of {n_outputs} outputs.")

    @property
    def coef(self):
        """(n_outputs, n_terms)"""
        return self.coefs[-1]

    @property
    def intercept(self):
        """(n_outputs,)"""
        return self.baseline + self.shifts[-1]
