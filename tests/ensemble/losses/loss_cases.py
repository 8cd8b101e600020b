"""Losses with settings, and problems for them: made from the table of losses, for the tests of their laws."""

from dataclasses import dataclass, field
from itertools import product

import numpy as np

from skensemble.ensemble.losses._losses import LOSSES, make_loss

N = 60
VALUES = {  # of settings that are tried
    "quantile": (0.3, [0.9, 0.1, 0.5]),
    "huber_slope": (0.8,),
    "tweedie_variance_power": (1.3, 1.7),
    "n_outputs": (1, 3),
    "n_classes": (4,),
}


@dataclass
class Case:
    """A loss by its name, and its settings."""

    name: str
    settings: dict = field(default_factory=dict)

    def __str__(self):
        return "-".join([self.name, *(f"{key}={value}" for key, value in self.settings.items())])

    @property
    def kind(self):
        return LOSSES[self.name]

    def loss(self):
        return make_loss(self.name, **self.settings)

    @property
    def options(self):
        """What `reference.loss_of_row` takes, one for each output."""
        own = [value for name, value in self.settings.items() if name not in ("n_outputs", "n_classes")]
        option = own[0] if own else None
        return tuple(option) if isinstance(option, list) else (option,) * self.settings.get("n_outputs", 1)


def _cases(name):
    kind = LOSSES[name]
    names = sorted(kind.settings() & VALUES.keys())
    cases = [Case(name, dict(zip(names, values))) for values in product(*(VALUES[setting] for setting in names))]
    return [*cases, Case(name, {"n_classes": 4})] if name == "log_loss" else cases


CASES = [case for name, kind in LOSSES.items() if kind.has_value for case in _cases(name)]


def target_for(case, n=N, seed=0):
    rng = np.random.default_rng(seed)
    n_outputs = case.settings.get("n_outputs", 1)
    shape = n if n_outputs == 1 else (n_outputs, n)
    if case.kind.target == "classes":
        return rng.integers(0, case.settings.get("n_classes", 2), n).astype(np.float64)
    if not case.kind.positive_target:
        return np.round(rng.normal(size=shape), 2)
    counts = rng.poisson(1.5, shape).astype(np.float64)
    try:
        case.loss().check_target(counts)
    except ValueError:  # zeros are no targets
        return rng.gamma(2.0, size=shape)
    return counts


def problem(case, n=N, seed=0):
    """loss, y, raw, whole weights (some of them zero)"""
    rng = np.random.default_rng(seed + 1)
    y, weight = target_for(case, n, seed), rng.integers(0, 4, n).astype(np.float64)
    loss = case.loss().prepared(y, weight)
    return loss, y, rng.normal(size=(loss.n_outputs, n)) + 0.003, weight


def derivatives(loss, y, raw, blocks=None, sample_weight=None):
    gradient, hessian = np.full(raw.shape, np.nan, np.float32), np.full(raw.shape, np.nan, np.float32)
    for start, stop in blocks or [(0, raw.shape[1])]:
        loss.gradient_hessian(y, raw, gradient, hessian, start, stop, sample_weight)
    return gradient, hessian


def repeated(array, weight):
    return np.ascontiguousarray(np.repeat(array, weight.astype(int), axis=-1))
