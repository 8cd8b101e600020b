"""Rules for what a model file may hold: each field of each kind of object has one, and they are checked before use.

A rule has `check(value, where, sizes)`, which raises a FileError that begins with `where`.  `sizes` belongs to one
object: a rule for arrays writes there how large its named dimensions are, or compares.
"""

import numpy as np

from skensemble._estimator import Estimator
from skensemble._parameters import Interval, Matches, check_parameter
from skensemble.model_files._safetensors import FileError


class Value:
    """What one of some rules for parameters accepts."""

    def __init__(self, *rules):
        self.rules = rules

    def check(self, value, where, sizes):
        try:
            check_parameter(where, value, self.rules)
        except ValueError as error:
            raise FileError(str(error)) from None


class Array:
    """An array in C order: one of some dtypes, and a shape of numbers, of names of sizes, and of None for any.

    low, high : bounds of its values;  finite : whether they must be finite
    """

    def __init__(self, dtypes, *shape, low=None, high=None, finite=False):
        self.dtypes = tuple(np.dtype(dtype) for dtype in dtypes.split())
        self.shape, self.low, self.high, self.finite = shape, low, high, finite

    def check(self, value, where, sizes):
        if not isinstance(value, np.ndarray) or value.dtype not in self.dtypes or value.ndim != len(self.shape):
            raise FileError(f"{where} must be {self._text()}, got {_shown(value)}.")
        for size, wanted in zip(value.shape, self.shape):
            if isinstance(wanted, str):
                wanted = sizes.setdefault(wanted, size)
            if wanted is not None and size != wanted:
                raise FileError(f"{where} must be {self._text()}, here {sizes}, got shape {value.shape}.")
        if self.finite and not np.isfinite(value).all():
            raise FileError(f"{where} must be finite.")
        if value.size and self.low is not None and not (value >= self.low).all():
            raise FileError(f"{where} must be >= {self.low}, got {value.min()}.")
        if value.size and self.high is not None and not (value <= self.high).all():
            raise FileError(f"{where} must be <= {self.high}, got {value.max()}.")

    def _text(self):
        names = " or ".join(map(str, self.dtypes))
        sizes = ", ".join("any" if size is None else str(size) for size in self.shape)
        return f"an array of {names} of shape ({sizes})"


class Names(Array):
    """A 1-D array of objects that are all text."""

    def __init__(self, size):
        super().__init__("O", size)

    def check(self, value, where, sizes):
        super().check(value, where, sizes)
        if not all(type(name) is str for name in value.tolist()):
            raise FileError(f"{where} must hold text only.")


class Of:
    """An object of one of some classes."""

    def __init__(self, *classes):
        self.classes = classes

    def check(self, value, where, sizes):
        if type(value) not in self.classes:
            names = " or ".join(each.__name__ for each in self.classes)
            raise FileError(f"{where} must be a {names}, got {_shown(value)}.")


class Maybe:
    """None, or what another rule allows."""

    def __init__(self, rule):
        self.rule = rule

    def check(self, value, where, sizes):
        if value is not None:
            self.rule.check(value, where, sizes)


class Either:
    """What one of some rules allows."""

    def __init__(self, *rules):
        self.rules = rules

    def check(self, value, where, sizes):
        errors = []
        for rule in self.rules:
            try:
                return rule.check(value, where, sizes)
            except FileError as error:
                errors.append(str(error))
        raise FileError(" Or: ".join(errors))


class Each:
    """A list (or tuple) whose items all obey one rule.

    length : number, name of a size, or None
    """

    def __init__(self, rule, length=None, kind=list):
        self.rule, self.length, self.kind = rule, length, kind

    def check(self, value, where, sizes):
        if type(value) is not self.kind:
            raise FileError(f"{where} must be a {self.kind.__name__}, got {_shown(value)}.")
        wanted = sizes.setdefault(self.length, len(value)) if isinstance(self.length, str) else self.length
        if wanted is not None and len(value) != wanted:
            raise FileError(f"{where} must have {wanted} items, got {len(value)}.")
        for number, item in enumerate(value):
            self.rule.check(item, f"{where}[{number}]", sizes)


class Entries:
    """A dict whose keys and values obey a rule each."""

    def __init__(self, key, value):
        self.key, self.value = key, value

    def check(self, value, where, sizes):
        if type(value) is not dict:
            raise FileError(f"{where} must be a dict, got {_shown(value)}.")
        for key, item in value.items():
            self.key.check(key, f"a key of {where}", sizes)
            self.value.check(item, f"{where}[{key!r}]", sizes)


class Size:
    """A whole number that is one of the sizes."""

    def __init__(self, name, low=0):
        self.name, self.low = name, low

    def check(self, value, where, sizes):
        Whole(self.low).check(value, where, sizes)
        if sizes.setdefault(self.name, value) != value:
            raise FileError(f"{where} must be {sizes[self.name]}, got {value}.")


def Whole(low=None, high=None):
    """A whole number between two bounds, which belong to it."""
    return Value(Interval(int, low, high, "both"))


def Number(low=None, high=None):
    """A finite number between two bounds, which belong to it."""
    return Value(Interval(float, low, high, "both"))


def Text(*options):
    """A text, perhaps one of a few."""
    text = "a text" if not options else " or ".join(map(repr, options))
    return Value(Matches(lambda value: type(value) is str and (not options or value in options), text))


FLAG = Value(Matches(lambda value: type(value) in (bool, np.bool_), "true or false"))
PREDICTS = Value(Matches(lambda value: isinstance(value, Estimator) and hasattr(value, "predict"), "an estimator"))
ANYTHING = Value(Matches(lambda value: True, "anything"))


def _shown(value):
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} of shape {value.shape}"
    return repr(value)[:60] if isinstance(value, (bool, int, float, str, type(None))) else f"a {type(value).__name__}"
