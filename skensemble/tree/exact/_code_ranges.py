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
MOST_COUNTED = 255  # rows, since counts are bytes
CACHED_BYTES = 1 << 18  # of a node's codes by rows, up to which they are read there and not by columns
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


def _vector_at(context, builder, array_type, array, offset, vector):
    """The bytes that stand there."""
    pointer = _bytes_at(context, builder, array_type, array, offset)
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=1)


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
                here = _vector_at(context, builder, kinds[0], args[0], offset, vector)
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
def add_left(typing_context, codes, n_bytes, first, rows, start, n_rows, limits, values, weights, sums, weight_sums):
    """sums[f] = sum of values[i] over the rows[start + i] with codes up to limits[f], of NARROW features from `first`.

    And weight_sums likewise.
    """

    def emit(context, builder, signature, args):
        kinds, i64, i32 = signature.args, ir.IntType(64), ir.IntType(32)
        narrow, wide = ir.VectorType(ir.IntType(8), NARROW), ir.VectorType(i64, NARROW)
        undefined, zeros = ir.Constant(wide, ir.Undefined), ir.Constant(ir.VectorType(i32, NARROW), [0] * NARROW)
        limit = _vector_at(context, builder, kinds[6], args[6], args[2], narrow)
        totals = [cgutils.alloca_once_value(builder, ir.Constant(wide, [0] * NARROW)) for _ in range(2)]
        with cgutils.for_range(builder, args[5], intp=i64) as loop:
            row = _item(context, builder, kinds[3], args[3], builder.add(args[4], loop.index))
            offset = builder.add(builder.mul(builder.zext(row, i64), args[1]), args[2])
            here = _vector_at(context, builder, kinds[0], args[0], offset, narrow)
            is_left = builder.sext(builder.icmp_unsigned("<=", here, limit), wide)
            for total, place in zip(totals, (7, 8)):
                value = _item(context, builder, kinds[place], args[place], loop.index)
                value = builder.shuffle_vector(builder.insert_element(undefined, value, i32(0)), undefined, zeros)
                builder.store(builder.add(builder.load(total), builder.and_(is_left, value)), total)
        for total, place in zip(totals, (9, 10)):
            at = _bytes_at(context, builder, kinds[place], args[place], builder.mul(args[2], i64(8)))
            builder.store(builder.load(total), builder.bitcast(at, wide.as_pointer()), align=1)
        return context.get_dummy_value()

    numbers = types.int64, types.int64
    return types.void(codes, *numbers, rows, *numbers, limits, values, weights, sums, weight_sums), emit


@kernel
def count_left(rows, start, stop, state):
    """counts[f] = number of rows[start:stop], at most MOST_COUNTED, with codes up to limits[f], for all features."""
    n_bytes, first = state.row_bytes, 0
    while first < n_bytes:
        if n_bytes >= WIDE:
            at = min(first, n_bytes - WIDE)
            _count_wide(state.flat_codes, n_bytes, at, rows, start, stop, state.limits, state.counts)
            first = at + WIDE
        else:
            _count_narrow(state.flat_codes, n_bytes, first, rows, start, stop, state.limits, state.counts)
            first += NARROW


def _counter_of(width):
    """Intrinsic that does it for `width` features."""

    @intrinsic
    def count(typing_context, codes, n_bytes, first, rows, start, stop, limits, counts):
        def emit(context, builder, signature, args):
            kinds, vector = signature.args, ir.VectorType(ir.IntType(8), width)
            limit = _vector_at(context, builder, kinds[6], args[6], args[2], vector)
            count = cgutils.alloca_once_value(builder, ir.Constant(vector, [0] * width))
            with cgutils.for_range_slice(builder, args[4], args[5], args[4].type(1)) as (i, _):
                row = builder.zext(_item(context, builder, kinds[3], args[3], i), ir.IntType(64))
                offset = builder.add(builder.mul(row, args[1]), args[2])
                here = _vector_at(context, builder, kinds[0], args[0], offset, vector)
                is_left = builder.sext(builder.icmp_unsigned("<=", here, limit), vector)  # -1
                builder.store(builder.sub(builder.load(count), is_left), count)
            end = _bytes_at(context, builder, kinds[7], args[7], args[2])
            builder.store(builder.load(count), builder.bitcast(end, vector.as_pointer()), align=1)
            return context.get_dummy_value()

        numbers = types.int64, types.int64
        return types.void(codes, *numbers, rows, *numbers, limits, counts), emit

    return count


_count_wide, _count_narrow = _counter_of(WIDE), _counter_of(NARROW)


@kernel
def is_constant(feature, state):
    """Do all rows of the node have the same code, or all miss their value?"""
    return state.lowest[uint64(feature)] == state.highest[uint64(feature)]


@kernel
def cells_of(node, feature, state):
    """(all codes, place of the first row's code, step from row to row): the table by rows, or by columns"""
    if (state.stop[node] - state.start[node]) * state.row_bytes <= CACHED_BYTES:
        return state.flat_codes, uint64(feature), uint64(state.row_bytes)
    return state.flat_columns, uint64(feature) * uint64(state.n_table_rows), uint64(1)
