"""The struct that a StateTable is for kernels: its type, and how it is made.

Both spare compiling.  Numba's own constructor assigns fields one by one, each with a reference counted twice and an old
value dropped, in a function of as many arguments as fields inside another one; and it writes the types of all fields
into the name of every kernel that takes the struct.
"""

import hashlib

from numba import types
from numba.core import cgutils
from numba.experimental.jitclass.base import imp_dtor
from numba.extending import intrinsic


class StateType(types.StructRef):
    """Numba's type of a state, of a short name."""

    def preprocess_fields(self, fields):
        return tuple((name, types.unliteral(kind)) for name, kind in fields)

    @property
    def mangling_args(self):
        return type(self).__name__ + hashlib.sha256(self.name.encode()).hexdigest()[:16], ()


def struct_maker(struct_type, names):
    """The intrinsic that makes a struct of type `struct_type` from the tuple of its fields, named in order."""

    @intrinsic
    def make(typing_context, fields):
        kind = struct_type(list(zip(names, fields)))

        def emit(context, builder, signature, args):
            record = context.make_helper(builder, kind.get_data_type())
            for name, given, value in zip(names, fields, cgutils.unpack_tuple(builder, args[0], len(names))):
                context.nrt.incref(builder, given, value)
                setattr(record, name, context.cast(builder, value, given, kind.field_dict[name]))
            value = record._getvalue()
            struct = context.make_helper(builder, kind)
            struct.meminfo = context.nrt.meminfo_alloc_dtor(
                builder,
                context.get_constant(types.uintp, context.get_abi_sizeof(value.type)),
                imp_dtor(context, builder.module, kind),
            )
            place = context.nrt.meminfo_data(builder, struct.meminfo)
            builder.store(value, builder.bitcast(place, value.type.as_pointer()))
            return struct._getvalue()

        return kind(fields), emit

    return make
