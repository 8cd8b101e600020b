"""Types of kernels: Numba's rules, which answer the same question once."""

import copy
import functools
import operator
from types import BuiltinFunctionType

import numpy as np
from numba import types
from numba.core.typing import Context, signature


class _TypingContext(Context):
    """Numba's rules of types, which answer the same question once: it asks at each call, twice, in each function."""

    def resolve_function_type(self, function, args, named):
        if not isinstance(function, (str, types.Function, types.Dispatcher)):
            return self._rules.resolve_function_type(function, args, named)
        try:
            key = function, args, tuple(named.items()) if named else ()
            known = self._known.get(key)
        except TypeError:  # a slice as an argument, which has no hash
            return self._rules.resolve_function_type(function, args, named)
        if known is None:
            known = _plain_call(self._rules, function, args, named)
            known = known or self._rules.resolve_function_type(function, args, named)
            if known is not None:
                self._known[key] = known
        return known

    def resolve_value_type(self, value):
        """Numba first tries to see operators as numbers, and reports why they are none."""
        if not isinstance(value, (BuiltinFunctionType, type)):
            return self._rules.resolve_value_type(value)
        if value not in self._values:
            self._values[value] = self._rules.resolve_value_type(value)
        return self._values[value]

    def resolve_value_type_prefer_literal(self, value):
        if isinstance(value, (BuiltinFunctionType, type)):
            return self.resolve_value_type(value)
        return self._rules.resolve_value_type_prefer_literal(value)

    def resolve_setitem(self, target, index, value):
        return self.resolve_function_type(self.resolve_value_type(operator.setitem), (target, index, value), {})


class _LoweringRules(_TypingContext):
    """The same, for operators that are asked themselves."""

    def resolve_value_type(self, value):
        kind = super().resolve_value_type(value)
        if type(kind) is not types.Function:
            return kind
        if kind not in self._quick:
            self._quick[kind] = _QuickFunction.of(kind)
        return self._quick[kind]


class _QuickFunction(types.Function):
    """An operator that asks rules which know what they answered."""

    @classmethod
    def of(cls, function):
        quick = cls.__new__(cls)  # not by a call, for which Numba would find the equal function
        quick.__dict__.update(function.__dict__, _function=function)
        return quick

    def get_call_type(self, rules, args, named):
        return rules.resolve_function_type(self._function, args, named)

    def __eq__(self, other):
        return self._function == getattr(other, "_function", other)

    def __hash__(self):
        return hash(self._function)


def _plain_call(rules, function, args, named):
    """Signature of min or max of two numbers, of np.empty or np.zeros; None for all else.

    Numba compiles a function for each of them and each kind of arguments; here their code is written in place
    (`_kernel_lowering.py`).
    """
    name, args = getattr(function, "typing_key", None), [types.unliteral(arg) for arg in args]
    if named or len(args) not in (1, 2):
        return None
    if name in (min, max):
        is_plain = len(args) == 2 and all(isinstance(arg, (types.Number, types.Boolean)) for arg in args)
        result = rules.unify_types(*args) if is_plain else None
    elif name in (np.empty, np.zeros):
        result = _new_array(*args)
    else:
        return None
    return signature(result, *args) if result is not None else None


def _new_array(shape, kind=None):
    """Type of a new array; None where Numba is to decide."""
    shape = list(shape) if isinstance(shape, types.BaseTuple) else [shape]
    dtype = types.float64 if kind is None else getattr(kind, "dtype", None)
    is_plain = all(isinstance(length, types.Integer) for length in shape) and isinstance(
        kind, (types.NumberClass, type(None))
    )
    return types.Array(dtype, len(shape), "C") if is_plain and shape else None


@functools.cache
def quick_rules(rules, lowers=False):
    """The rules of a typing context, quick ones; `lowers`: for lowering, where operators themselves are asked."""
    quick = copy.copy(rules)  # with the same tables
    quick.__class__, quick._rules = _LoweringRules if lowers else _TypingContext, rules
    quick._known, quick._values, quick._quick = {}, {}, {}
    return quick
