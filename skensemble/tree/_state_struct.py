"""The struct that a StateTable is for kernels: its type, and how it is made.

Both spare compiling.  Numba's own constructor is a kernel of as many arguments as fields, compiled for each type of
struct, which takes longer than any other kernel but the largest. Here Python writes the fields as they lie in memory,
and nothing is compiled. Numba also writes the types of all fields into the name of every kernel that takes the struct.
"""

import functools
import hashlib
from struct import Struct

import numpy as np
from numba import types
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.np.numpy_support import from_dtype


class StateType(types.StructRef):
    """Numba's type of a state, of a short name, whose fields are looked up in tables that are made once."""

    def __init__(self, fields):
        super().__init__(fields)
        self.name = type(self).__name__ + hashlib.sha256(self.name.encode()).hexdigest()[:16]

    def preprocess_fields(self, fields):
        return tuple((name, types.unliteral(kind)) for name, kind in fields)

    @property
    def mangling_args(self):
        return self.name, ()

    @property
    def field_dict(self):
        return _fields_of(self)

    def get_data_type(self):
        return _payload_of(self)


@functools.cache
def _fields_of(kind):
    return dict(kind._fields)


@functools.cache
def _payload_of(kind):
    return types.StructRef.get_data_type(kind)


def make_state(state_class, struct_type, names, values):
    """A `state_class` that holds arrays, whole numbers, other numbers and truth values; it keeps the arrays alive.

    Kernels count no references to what it holds: the arrays in it have no owner.
    """
    kind, layout = _layout(struct_type, tuple(names), tuple(map(_key, values)))
    words = []
    for value in values:
        words += _words(value)
    record = np.empty(-(-layout.size // 8), np.int64)
    layout.pack_into(record, 0, *words)
    rtsys.initialize(cpu_target.target_context)
    memory = rtsys.meminfo_new(_address(record), (record, values))
    return state_class._numba_box_(kind, memory)


def _key(value):
    """What the type of a value depends on."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.ndim, value.flags.num & _FLAGS_OF_TYPES
    return type(value)


@functools.cache
def _layout(struct_type, names, keys):
    """Type of the struct, and how it lies in memory, as C lays out a struct."""
    kinds = [_NUMBERS[key][0] if key in _NUMBERS else _array_type(*key) for key in keys]
    parts = [_NUMBERS[key][1] if key in _NUMBERS else f"{_N_WORDS + 2 * key[1]}q" for key in keys]
    return struct_type(list(zip(names, kinds))), Struct("@" + "".join(parts))


_NUMBERS = {bool: (types.boolean, "?"), int: (types.int64, "q"), float: (types.float64, "d")}
_N_WORDS = 5  # of an array, before its shape and strides
_IS_C, _IS_F, _IS_ALIGNED, _IS_WRITEABLE = 0x1, 0x2, 0x100, 0x400  # bits of numpy's `flags.num`
_FLAGS_OF_TYPES = _IS_C | _IS_F | _IS_ALIGNED | _IS_WRITEABLE


def _array_type(dtype, n_dimensions, flags):
    layout = "C" if flags & _IS_C else "F" if flags & _IS_F else "A"
    is_writeable, is_aligned = bool(flags & _IS_WRITEABLE), bool(flags & _IS_ALIGNED)
    return types.Array(from_dtype(dtype), n_dimensions, layout, readonly=not is_writeable, aligned=is_aligned)


def _words(value):
    """A number alone; of an array its owner and Python object, number of cells, bytes of each, address, shape,
    strides."""
    if not isinstance(value, np.ndarray):
        return (value,)
    return 0, 0, value.size, value.itemsize, _address(value), *value.shape, *value.strides


def _address(array):
    return array.__array_interface__["data"][0]
