"""Kernels: smallest and largest code of every feature in a node, by one pass over its rows.

    codes of a row      [ 3 9 7 1 8 1 1 2 ... ]      32 features are one instruction
    lowest, highest     [ 2 9 1 1 0 1 1 1 ... ]      equal where the feature is constant in the node

Deep nodes of wide tables find most features constant: asking each of them costs more than finding the split.  Missing
values have code 0.
"""

from llvmlite import ir
from numba import types, uint64
from numba.core import cgutils
from numba.extending import intrinsic

from skensemble._jit import kernel

WIDE, NARROW = 32, 8  # features at a time
ROWS_AT_ONCE = 64  # rows whose codes stay in the cache while their features are looked at, 32 at a time


@kernel
def find_ranges(node, state):
    """Write lowest and highest code of each feature; False if the table has no codes by rows, or the node has sums."""
    n_bytes = state.row_bytes
    if n_bytes == 0 or state.slot[node] >= 0:
        return False
    codes, rows, lowest, highest = state.flat_codes, state.rows, state.lowest, state.highest
    for j in range(n_bytes):
        lowest[j], highest[j] = 255, 0
    for start in range(state.start[node], state.stop[node], ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, state.stop[node])
        first = 0
        while first < n_bytes:
            if n_bytes >= WIDE:
                at = min(first, n_bytes - WIDE)  # features that are looked at twice do no harm
                _widen_wide(codes, n_bytes, at, rows, start, stop, lowest, highest)
                first = at + WIDE
            else:
                _widen_narrow(codes, n_bytes, first, rows, start, stop, lowest, highest)
                first += NARROW
    return True


def _bytes_at(context, builder, array_type, array, offset):
    """Pointer to a byte of an array, `offset` bytes from its first one."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(builder.bitcast(data, ir.IntType(8).as_pointer()), [offset])


def _item(context, builder, array_type, array, index):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.load(builder.gep(data, [index]))


def _ranges_of(width):
    """Intrinsic that widens the ranges of `width` features by rows[start:stop]."""

    @intrinsic
    def widen(typing_context, codes, n_bytes, first, rows, start, stop, lowest, highest):
        def emit(context, builder, signature, args):
            vector = ir.VectorType(ir.IntType(8), width)
            kinds = signature.args
            ends = [_bytes_at(context, builder, kinds[k], args[k], args[2]) for k in (6, 7)]
            ends = [builder.bitcast(end, vector.as_pointer()) for end in ends]
            low, high = (cgutils.alloca_once_value(builder, builder.load(end, align=1)) for end in ends)
            with cgutils.for_range_slice(builder, args[4], args[5], args[4].type(1)) as (i, _):
                row = builder.zext(_item(context, builder, kinds[3], args[3], i), ir.IntType(64))
                offset = builder.add(builder.mul(row, args[1]), args[2])
                here = _bytes_at(context, builder, kinds[0], args[0], offset)
                here = builder.load(builder.bitcast(here, vector.as_pointer()), align=1)
                for end, sign in ((low, "<"), (high, ">")):
                    old = builder.load(end)
                    builder.store(builder.select(builder.icmp_unsigned(sign, here, old), here, old), end)
            for value, end in ((low, ends[0]), (high, ends[1])):
                builder.store(builder.load(value), end, align=1)
            return context.get_dummy_value()

        return types.void(codes, types.int64, types.int64, rows, types.int64, types.int64, lowest, highest), emit

    return widen


_widen_wide, _widen_narrow = _ranges_of(WIDE), _ranges_of(NARROW)


@intrinsic
def add_left(typing_context, codes, n_bytes, first, rows, start, n_rows, limits, values, sums):
    """sums[f] = sum of values[i] over the rows[start + i] with codes up to limits[f]; of NARROW features from `first`."""

    def emit(context, builder, signature, args):
        kinds, i64 = signature.args, ir.IntType(64)
        narrow, wide = ir.VectorType(ir.IntType(8), NARROW), ir.VectorType(i64, NARROW)
        limit = _bytes_at(context, builder, kinds[6], args[6], args[2])
        limit = builder.load(builder.bitcast(limit, narrow.as_pointer()), align=1)
        total = cgutils.alloca_once_value(builder, ir.Constant(wide, [0] * NARROW))
        with cgutils.for_range(builder, args[5], intp=i64) as loop:
            row = _item(context, builder, kinds[3], args[3], builder.add(args[4], loop.index))
            offset = builder.add(builder.mul(builder.zext(row, i64), args[1]), args[2])
            here = _bytes_at(context, builder, kinds[0], args[0], offset)
            here = builder.load(builder.bitcast(here, narrow.as_pointer()), align=1)
            is_left = builder.sext(builder.icmp_unsigned("<=", here, limit), wide)
            value = _item(context, builder, kinds[7], args[7], loop.index)
            value = builder.insert_element(ir.Constant(wide, ir.Undefined), value, ir.IntType(32)(0))
            places = ir.Constant(ir.VectorType(ir.IntType(32), NARROW), [0] * NARROW)
            value = builder.shuffle_vector(value, ir.Constant(wide, ir.Undefined), places)
            builder.store(builder.add(builder.load(total), builder.and_(is_left, value)), total)
        at = _bytes_at(context, builder, kinds[8], args[8], builder.mul(args[2], i64(8)))
        builder.store(builder.load(total), builder.bitcast(at, wide.as_pointer()), align=1)
        return context.get_dummy_value()

    numbers = types.int64, types.int64
    return types.void(codes, *numbers, rows, *numbers, limits, values, sums), emit


@kernel
def is_constant(feature, state):
    """Do all rows of the node have the same code, or all miss their value?"""
    return state.lowest[uint64(feature)] == state.highest[uint64(feature)]
