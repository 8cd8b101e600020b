"""The type of the struct that a StateTable is for kernels.

It spares compiling: Numba writes the types of all fields into the name of every kernel that takes a struct, and makes
a table of the fields at each access to one.
"""

import functools
import hashlib

from numba import types


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
