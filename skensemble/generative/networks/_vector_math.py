"""Formulas as LLVM instructions that vectorise, in the precision of their argument.

Numba calls the C library once per number for exp and tanh, and computes `2 * x` in float64 whatever x is.  A formula
here is a Python function of `Number`s: each operator writes one instruction, constants take the type of their
neighbour, and exponentials are polynomials without branches, so that one text serves float32 and float64 and LLVM
can put 4 to 16 numbers into each instruction.
"""

import functools
import math

import numpy as np
import scipy.special
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.polynomial import chebyshev

_MANTISSA_BITS = {"float": 23, "double": 52}
_EXPONENT_BIAS = {"float": 127, "double": 1023}


class Number:
    """A number in a kernel; computing with it writes instructions."""

    def __init__(self, builder, code):
        self.builder, self.code = builder, code

    @property
    def precision(self):
        """ "float" or "double"."""
        return str(self.code.type)

    def constant(self, value):
        """A constant of this number's type."""
        return Number(self.builder, ir.Constant(self.code.type, float(value)))

    def _write(self, instruction, left, right):
        left, right = (side if isinstance(side, Number) else self.constant(side) for side in (left, right))
        code = getattr(self.builder, instruction)(left.code, right.code, flags=("contract",))
        return Number(self.builder, code)

    def __add__(self, other):
        return self._write("fadd", self, other)

    def __radd__(self, other):
        return self._write("fadd", other, self)

    def __sub__(self, other):
        return self._write("fsub", self, other)

    def __rsub__(self, other):
        return self._write("fsub", other, self)

    def __mul__(self, other):
        return self._write("fmul", self, other)

    def __rmul__(self, other):
        return self._write("fmul", other, self)

    def __truediv__(self, other):
        return self._write("fdiv", self, other)

    def __rtruediv__(self, other):
        return self._write("fdiv", other, self)

    def __neg__(self):
        return self * -1.0

    def __gt__(self, other):
        return self.builder.fcmp_ordered(">", self.code, self.constant(other).code)

    def __ge__(self, other):
        return self.builder.fcmp_ordered(">=", self.code, self.constant(other).code)

    def __lt__(self, other):
        return self.builder.fcmp_ordered("<", self.code, self.constant(other).code)


def formula(function):
    """The intrinsic that computes a tuple of three numbers: function(x, parameter), all of x's type."""

    @intrinsic
    def compute(typing_context, x, parameter):
        def emit(context, builder, signature, args):
            results = function(*(Number(builder, arg) for arg in args))
            codes = [(args[0] if isinstance(result, float) else result).code for result in results]
            return context.make_tuple(builder, signature.return_type, codes)

        return types.UniTuple(x, 3)(x, x), emit

    return compute


@intrinsic
def sum_up(typing_context, total, term):
    """total + term, in whatever order the terms come: a loop of it adds many at a time."""

    def emit(context, builder, signature, args):
        return builder.fadd(args[0], args[1], flags=("reassoc", "contract"))

    return term(term, term), emit


# -- choices ---------------------------------------------------------------------------------------------------------


def where(condition, yes, no):
    """`yes` if the condition holds, else `no`; one of the two is a Number."""
    number = yes if isinstance(yes, Number) else no
    yes, no = (side if isinstance(side, Number) else number.constant(side) for side in (yes, no))
    return Number(number.builder, number.builder.select(condition, yes.code, no.code))


def at_most(x, bound):
    """The smaller one; NaN stays NaN."""
    return where(x > bound, bound, x)


def at_least(x, bound):
    """The larger one; NaN stays NaN."""
    return where(x < bound, bound, x)


def magnitude(x):
    return where(x < 0.0, -x, x)


# -- exponentials ----------------------------------------------------------------------------------------------------


def polynomial(x, coefficients):
    """Horner's scheme; the constant term comes first."""
    *lower, result = coefficients
    for coefficient in reversed(lower):
        result = x * result + coefficient
    return result


# exp(r) = 1 + r + r^2 q(r) for |r| <= log(2) / 2: the first term left out is 5e-9 and 4e-18 of r
_EXPM1_DEGREE = {"float": 7, "double": 13}
# log(2) in two parts, of which the first has so few bits that its product with an exponent is exact
_LOG_2 = {"float": (0.693359375, -2.121944400546905827679e-4), "double": (0.693145751953125, 1.42860682030941723212e-6)}
# where 2^k neither overflows nor vanishes
_EXP_RANGE = {"float": (-87.0, 88.0), "double": (-708.0, 709.0)}


def _scale_and_rest(x):
    """2^k and exp(r) - 1, where x = k log(2) + r, with x cut off where 2^k would leave the range.

    Adding 1.5 * 2^52 leaves the nearest whole number in the lowest bits, as an integer that a shift makes an exponent.
    """
    precision, builder = x.precision, x.builder
    low, high = _EXP_RANGE[precision]
    bits = _MANTISSA_BITS[precision]
    x = at_least(at_most(x, high), low)
    shifted = x * math.log2(math.e) + 1.5 * 2.0**bits
    k = shifted - 1.5 * 2.0**bits
    word = ir.IntType(32 if precision == "float" else 64)
    exponent = builder.add(builder.bitcast(shifted.code, word), word(_EXPONENT_BIAS[precision]))
    scale = Number(builder, builder.bitcast(builder.shl(exponent, word(bits)), x.code.type))
    r = x - k * _LOG_2[precision][0] - k * _LOG_2[precision][1]
    series = [1.0 / math.factorial(i) for i in range(2, _EXPM1_DEGREE[precision] + 1)]
    return scale, r + r * r * polynomial(r, series)


def exp(x):
    scale, rest = _scale_and_rest(x)
    return scale + scale * rest


def expm1(x):
    scale, rest = _scale_and_rest(x)
    return scale * rest + (scale - 1.0)


def logistic(x):
    """1 / (1 + exp(-x)) and its complement to 1, both to full relative precision."""
    e = exp(-magnitude(x))
    larger = 1.0 / (e + 1.0)
    smaller = e * larger
    return where(x < 0.0, smaller, larger), where(x < 0.0, larger, smaller)


def tanh(x):
    doubled = expm1(2.0 * x)
    return doubled / (doubled + 2.0)


# log(1 + w) = 2 artanh(z), z = w / (2 + w) <= 1/3 for w in [0, 1]
_ARTANH_TERMS = {"float": 7, "double": 16}


def softplus(x):
    """log(1 + exp(x)), to full relative precision on both sides."""
    w = exp(-magnitude(x))
    z = w / (w + 2.0)
    series = [2.0 / (2 * i + 1) for i in range(_ARTANH_TERMS[x.precision])]
    return at_least(x, 0.0) + z * polynomial(z * z, series)


# -- the normal distribution -----------------------------------------------------------------------------------------

# Degree of the polynomial below: errors of 2e-8 and 2e-15 of the value
_MILLS_DEGREE = {"float": 10, "double": 22}
_MILLS_CENTRE = 3.75


@functools.cache
def _mills_coefficients(degree):
    """(1 + z) P(Z < -z) / exp(-z^2 / 2) for z >= 0, as a polynomial in t = (z - 3.75) / (z + 3.75).

    The change of variable is that of Shepherd and Laframboise (1981).  Interpolated in Chebyshev's points.
    """
    n_points = 400
    t = np.cos(np.pi * (np.arange(n_points) + 0.5) / n_points)
    z = _MILLS_CENTRE * (1.0 + t) / (1.0 - t)
    ratio = (1.0 + z) * scipy.special.erfcx(z / math.sqrt(2.0)) / 2.0
    return tuple(chebyshev.cheb2poly(chebyshev.chebfit(t, ratio, degree)))


def normal(x):
    """Distribution function and density of the standard normal distribution."""
    z = magnitude(x)
    kernel = exp(x * x * -0.5)
    t = (z - _MILLS_CENTRE) / (z + _MILLS_CENTRE)
    tail = kernel * polynomial(t, _mills_coefficients(_MILLS_DEGREE[x.precision])) / (z + 1.0)
    return where(x > 0.0, 1.0 - tail, tail), kernel * (1.0 / math.sqrt(2.0 * math.pi))
