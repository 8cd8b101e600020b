"""Types of kernels: Numba's rules, which answer the same question once."""

import copy
import functools
import operator
from types import BuiltinFunctionType

from numba import types
from numba.core.typing import Context


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
            known = self._rules.resolve_function_type(function, args, named)
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


@functools.cache
def quick_rules(rules, lowers=False):
    """The rules of a typing context, quick ones; `lowers`: for lowering, where operators themselves are asked."""
    quick = copy.copy(rules)  # with the same tables
    quick.__class__, quick._rules = _LoweringRules if lowers else _TypingContext, rules
    quick._known, quick._values, quick._quick = {}, {}, {}
    return quick
