"""Parameters of estimators: rules for their values, and records of their defaults, rules and documentation.

An estimator has a table of its parameters, name -> Parameter.  `fit` checks values by it, and its signature and its
docstring are written from it (`tests/signatures.py`).
"""

import math
import numbers
from typing import NamedTuple

import numpy as np

_PLAIN = frozenset((str, bool, int, float))


class ParameterError(ValueError, TypeError):
    """A parameter's value or type breaks its rule."""


class Parameter(NamedTuple):
    """A parameter of an estimator.

    default : what the signature says
    rules : values that are allowed: objects with `accepts(value)` and a text, one of which must accept
    kind : its type, as the docstring says it
    text : what it does, for the docstring; one paragraph
    """

    default: object
    rules: tuple
    kind: str
    text: str


def choice(options):
    """The `kind` of a parameter that is one of a few strings."""
    return "{" + ", ".join(f'"{option}"' for option in options) + "}"


def with_defaults(table, **defaults):
    """The table with other defaults of some parameters."""
    changed = {name: table[name]._replace(default=default) for name, default in defaults.items()}
    return {**table, **changed}


def check_parameters(estimator, table):
    """Raise a ParameterError for the first parameter of `estimator` whose value breaks the rules of its Parameter."""
    for name, (default, rules, _, _) in table.items():
        value = getattr(estimator, name)
        if value is not default and not (type(value) in _PLAIN and type(value) is type(default) and value == default):
            check_parameter(name, value, rules)


def check_parameter(name, value, rules):
    """Raise a ParameterError unless one of `rules` accepts `value`."""
    for rule in rules:
        if rule.accepts(value):
            return
    raise ParameterError(f"{name} must be {_alternatives(map(str, rules))}, got {value!r}.")


def _alternatives(texts):
    *firsts, last = texts
    return f"{', '.join(firsts)} or {last}" if firsts else last


class Interval:
    """A real number (`float`) or a whole one (`int`) between two bounds; None is no bound.  NaN and inf are outside."""

    def __init__(self, kind, low=None, high=None, closed="left"):
        self.kind, self.low, self.high = kind, low, high
        self.includes_low = closed in ("left", "both")
        self.includes_high = closed in ("right", "both")

    def accepts(self, value):
        is_finite = is_number(value, self.kind) and math.isfinite(value)
        return is_finite and self._above_low(value) and self._below_high(value)

    def _above_low(self, value):
        return self.low is None or value > self.low or (self.includes_low and value == self.low)

    def _below_high(self, value):
        return self.high is None or value < self.high or (self.includes_high and value == self.high)

    def __str__(self):
        noun = "an int" if self.kind is int else "a float"
        if self.low is not None and self.high is not None:
            left, right = "[" if self.includes_low else "(", "]" if self.includes_high else ")"
            return f"{noun} in {left}{self.low}, {self.high}{right}"
        if self.low is not None:
            return f"{noun} {'>=' if self.includes_low else '>'} {self.low}"
        if self.high is not None:
            return f"{noun} {'<=' if self.includes_high else '<'} {self.high}"
        return noun


def is_number(value, kind):
    if type(value) is kind:
        return True
    abstract = numbers.Integral if kind is int else numbers.Real
    return isinstance(value, abstract) and not isinstance(value, (bool, np.bool_))


def plain_value(value):
    """The str, bool, int or float that a scalar of NumPy or a member of an Enum of such values is."""
    if isinstance(value, np.generic):
        return value.item()
    for kind in (str, bool, int, float):
        if isinstance(value, kind):
            return kind.__str__(value) if kind is str else kind(value)
    return value


class OneOf:
    """One of a few strings (or other constants)."""

    def __init__(self, *options):
        self.options = options

    def accepts(self, value):
        value = plain_value(value)
        return any(type(value) is type(option) and value == option for option in self.options)

    def __str__(self):
        return _alternatives(map(repr, self.options))


class NameIn(OneOf):
    """A name in a table, or one of those that a function returns, as they are when the value is checked."""

    def __init__(self, names):
        self.names = names

    @property
    def options(self):
        return tuple(self.names() if callable(self.names) else self.names)


class IsInstance:
    """An object of a class, described in words."""

    def __init__(self, kind, text):
        self.kind, self.text = kind, text

    def accepts(self, value):
        return isinstance(value, self.kind)

    def __str__(self):
        return self.text


class Matches:
    """Anything that a predicate accepts, described in words."""

    def __init__(self, predicate, text):
        self.accepts, self.text = predicate, text

    def __str__(self):
        return self.text


class SequenceOf:
    """A list, tuple or 1-D array whose items all obey one rule."""

    def __init__(self, rule, text, min_length=1):
        self.rule, self.text, self.min_length = rule, text, min_length

    def accepts(self, value):
        is_sequence = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)
        return is_sequence and len(value) >= self.min_length and all(map(self.rule.accepts, value))

    def __str__(self):
        return self.text


IsNone = Matches(lambda value: value is None, "None")
IsBool = IsInstance((bool, np.bool_), "a bool")
IsString = IsInstance(str, "a str")
IsCallable = Matches(callable, "a callable")
IsDict = IsInstance(dict, "a dict")
IsArrayLike = Matches(lambda value: isinstance(value, (list, tuple)) or hasattr(value, "__array__"), "an array")
IsRandomState = IsInstance(np.random.RandomState, "a numpy RandomState")
RANDOM_STATE = (IsNone, Interval(int, 0, 2**32 - 1, "both"), IsRandomState)
N_JOBS = (IsNone, Interval(int, None, -1, "right"), Interval(int, 1))
CATEGORICAL_FEATURES = (OneOf("from_dtype"), IsNone, IsArrayLike)
