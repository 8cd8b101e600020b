"""A matrix product in which a row's result depends on that row alone.

BLAS sums a row in another order at the edge of a block than in its middle, and in yet another one where the block is
small or has a single row: the last bits of a row then depend on the rows beside it.  Here each number is one sum over
k, from first to last, whatever tile it lies in:

    out[i, j] = ((x[i, 0] w[0, j] + x[i, 1] w[1, j]) + x[i, 2] w[2, j]) + ...

A tile has `TILE_ROWS` rows and 64 bytes of columns, which are summed in registers: 12 of the 16 that AVX2 has.  The
tile at the lower edge repeats the last row in place of rows that do not exist, so that there is one code for all.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from skensemble._jit import kernel

TILE_ROWS = 6
TILE_BYTES = 64  # of columns: a line of the cache
UNROLLED = 4  # steps of the sum for each jump back


def panel_shape(depth, dtype):
    """Shape of the columns of a weight that are multiplied together."""
    return depth, TILE_BYTES // np.dtype(dtype).itemsize


@kernel
def multiply(x, weight, panel, out):
    """Write x @ weight into `out`; all arrays are contiguous and of one type.

    x (n_rows, depth), weight (depth, width), out (n_rows, width)
    panel : of `panel_shape(depth)`, working memory
    """
    lanes = _lanes(panel)
    for first in range(0, out.shape[1], lanes):
        _copy_columns(weight, first, panel)
        for row in range(0, x.shape[0], TILE_ROWS):
            _multiply_tile(x, panel, out, row, first)


@kernel
def _copy_columns(weight, first, panel):
    """Columns of the weight from `first` on, and 0 beyond the last."""
    lanes = _lanes(panel)
    n_columns = weight.shape[1] - first
    if n_columns >= lanes:
        for k in range(panel.shape[0]):
            for j in range(lanes):
                panel[k, j] = weight[k, first + j]
    else:
        for k in range(panel.shape[0]):
            for j in range(lanes):
                panel[k, j] = weight[k, first + j] if j < n_columns else 0


@intrinsic
def _lanes(typing_context, panel):
    """Columns of a panel, a constant for the compiler."""

    def emit(context, builder, signature, args):
        number = context.get_data_type(signature.args[0].dtype)
        return context.get_constant(types.int64, TILE_BYTES // context.get_abi_sizeof(number))

    return types.int64(panel), emit


@intrinsic
def _multiply_tile(typing_context, x, panel, out, row, column):
    """Write the product of `TILE_ROWS` rows and a panel, as far as `out` has rows and columns."""
    if any(array.layout != "C" for array in (x, panel, out)):
        return None

    def emit(context, builder, signature, args):
        arrays = (context.make_array(kind)(context, builder, arg) for kind, arg in zip(signature.args, args[:3]))
        _Tile(context, builder, *arrays, *args[3:]).write()
        return context.get_dummy_value()

    return types.void(x, panel, out, row, column), emit


class _Tile:
    """Instructions for one tile, whose sums stay in registers."""

    def __init__(self, context, builder, x, panel, out, row, column):
        self.builder, self.x, self.panel, self.out, self.row, self.column = builder, x, panel, out, row, column
        self.number = x.data.type.pointee
        self.size = context.get_abi_sizeof(self.number)
        self.lanes = TILE_BYTES // self.size
        self.vector = ir.VectorType(self.number, self.lanes)
        (self.n_rows, self.depth), (_, self.width) = (cgutils.unpack_tuple(builder, a.shape) for a in (x, out))

    def write(self):
        last = self._plus(self.n_rows, -1)
        rows = [self._smaller(self._plus(self.row, r), last) for r in range(TILE_ROWS)]
        self._store(rows, self._sums(rows))

    def _sums(self, rows):
        builder, depth = self.builder, self.depth
        starts = [builder.gep(self.x.data, [builder.mul(row, depth)]) for row in rows]
        sums = [cgutils.alloca_once(builder, self.vector) for _ in rows]
        for total in sums:
            builder.store(ir.Constant(self.vector, None), total)
        unrolled = builder.and_(depth, depth.type(-UNROLLED))
        steps = depth.type(UNROLLED)
        with cgutils.for_range_slice(builder, depth.type(0), unrolled, steps, inc=True) as (k, _):
            for more in range(UNROLLED):
                self._add(self._plus(k, more), starts, sums)
        with cgutils.for_range_slice(builder, unrolled, depth, depth.type(1), inc=True) as (k, _):
            self._add(k, starts, sums)
        return [builder.load(total) for total in sums]

    def _add(self, k, starts, sums):
        """total + x w, which is one instruction where the processor has it: in every tile, or in none."""
        builder = self.builder
        weights = builder.load(self._as_vector(self.panel.data, builder.mul(k, k.type(self.lanes))), align=self.size)
        for start, total in zip(starts, sums):
            value = self._repeated(builder.load(builder.gep(start, [k])))
            term = builder.fmul(value, weights, flags=("contract",))
            builder.store(builder.fadd(builder.load(total), term, flags=("contract",)), total)

    def _store(self, rows, sums):
        """Into `out`, by way of the stack where the panel is wider than what is left of it."""
        builder = self.builder
        n_columns = builder.sub(self.width, self.column)
        is_whole = builder.icmp_signed(">=", n_columns, n_columns.type(self.lanes))
        aside = cgutils.alloca_once(builder, ir.ArrayType(self.number, TILE_ROWS * self.lanes))
        aside = builder.bitcast(aside, self.number.as_pointer())
        for r, (row, total) in enumerate(zip(rows, sums)):
            place = builder.gep(aside, [self.width.type(r * self.lanes)])
            place = builder.select(is_whole, self._place(row), place)
            builder.store(total, self._as_vector(place, self.width.type(0)), align=self.size)
        with builder.if_then(builder.not_(is_whole)):
            n_rows = self._smaller(builder.sub(self.n_rows, self.row), self.width.type(TILE_ROWS))
            with cgutils.for_range(builder, n_rows) as over_rows:
                source = builder.gep(aside, [builder.mul(over_rows.index, self.width.type(self.lanes))])
                place = self._place(builder.add(self.row, over_rows.index))
                with cgutils.for_range(builder, n_columns) as over_columns:
                    value = builder.load(builder.gep(source, [over_columns.index]))
                    builder.store(value, builder.gep(place, [over_columns.index]))

    def _place(self, row):
        return self.builder.gep(self.out.data, [self.builder.add(self.builder.mul(row, self.width), self.column)])

    def _as_vector(self, pointer, offset):
        return self.builder.bitcast(self.builder.gep(pointer, [offset]), self.vector.as_pointer())

    def _repeated(self, value):
        undefined = ir.Constant(self.vector, ir.Undefined)
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), None)
        return self.builder.shuffle_vector(
            self.builder.insert_element(undefined, value, ir.IntType(32)(0)), undefined, zeros
        )

    def _plus(self, index, constant):
        return self.builder.add(index, index.type(constant))

    def _smaller(self, left, right):
        return self.builder.select(self.builder.icmp_signed("<", left, right), left, right)
