"""The struct that a StateTable is for kernels: its type, and how it is made.

Both spare compiling.  Numba's own constructor is a kernel of as many arguments as fields, compiled for each type of
struct, which takes longer than any other kernel but the largest. Here Python writes the fields as they lie in memory,
and nothing is compiled. Numba also writes the types of all fields into the name of every kernel that takes the struct.
"""

import functools
import hashlib

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
    record = np.array(tuple(map(_words, values)), layout)
    rtsys.initialize(cpu_target.target_context)
    memory = rtsys.meminfo_new(record.ctypes.data, (record, values))
    return state_class._numba_box_(kind, memory)


def _key(value):
    """What the type of a value depends on."""
    if isinstance(value, np.ndarray):
        flags = value.flags
        return value.dtype, value.ndim, flags.c_contiguous, flags.f_contiguous, flags.writeable, flags.aligned
    return type(value)


@functools.cache
def _layout(struct_type, names, keys):
    """Type of the struct, and how it lies in memory."""
    kinds = [_NUMBERS[key][0] if key in _NUMBERS else _array_type(*key) for key in keys]
    parts = [_NUMBERS[key][1] if key in _NUMBERS else (np.int64, _N_WORDS + 2 * key[1]) for key in keys]
    fields = [(name, *part) if isinstance(part, tuple) else (name, part) for name, part in zip(names, parts)]
    return struct_type(list(zip(names, kinds))), np.dtype(fields, align=True)


_NUMBERS = {bool: (types.boolean, np.bool_), int: (types.int64, np.int64), float: (types.float64, np.float64)}
_N_WORDS = 5  # of an array, before its shape and strides


def _array_type(dtype, n_dimensions, is_c, is_f, is_writeable, is_aligned):
    layout = "C" if is_c else "F" if is_f else "A"
    return types.Array(from_dtype(dtype), n_dimensions, layout, readonly=not is_writeable, aligned=is_aligned)


def _words(value):
    """A number; of an array its owner and Python object, number of cells, bytes of each, address, shape, strides."""
    if not isinstance(value, np.ndarray):
        return value
    return 0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides
