"""A matrix product in which a row's result depends on that row alone.

BLAS sums a row in another order at the edge of a block than in its middle, and in yet another one where the block is
small or has a single row: the last bits of a row then depend on the rows beside it.  Here each number is one sum over
k, from first to last, whatever tile it lies in:

    out[i, j] = ((x[i, 0] w[0, j] + x[i, 1] w[1, j]) + x[i, 2] w[2, j]) + ...

Columns are multiplied `PANEL_BYTES` at a time, which are copied side by side, or half as many where no more are left.
The sums of a tile, some rows of these columns, stay in registers.  The tile at the lower edge repeats the last row in
place of rows that do not exist, so that there is one code for all.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from skensemble._jit import kernel

PANEL_BYTES = 64  # of columns: a line of the cache
REGISTERS = 12  # for the sums of a tile, of the 16 that AVX2 has; fewer leave the two adders waiting
UNROLLED = 4  # steps of the sum for each jump back


def panel_shape(depth, dtype):
    """Shape of the columns of a weight that are multiplied together."""
    return depth, PANEL_BYTES // np.dtype(dtype).itemsize


@kernel
def multiply(x, weight, panel, out):
    """Write x @ weight into `out`; all arrays are contiguous and of one type.

    x (n_rows, depth), weight (depth, width), out (n_rows, width)
    panel : of `panel_shape(depth)`, working memory
    """
    lanes, width = panel.shape[1], out.shape[1]
    for first in range((width - 1) // lanes * lanes, -1, -lanes):  # the last columns first, see `_Tile._store`
        _copy_columns(weight, first, panel)
        _multiply_panel(x, panel, out, first)


@kernel
def _copy_columns(weight, first, panel):
    """Columns of the weight from `first` on; beyond the last one anything, since these sums are not kept."""
    (depth, lanes), width = panel.shape, weight.shape[1]
    n_lines = max(0, (depth * width - first - lanes) // width + 1)  # that end within the weight
    for k in range(n_lines):
        _copy_line(weight, k, first, panel)
    for k in range(n_lines, depth):
        for j in range(lanes):
            panel[k, j] = weight[k, first + j] if first + j < width else 0


@intrinsic
def _copy_line(typing_context, weight, row, column, panel):
    """Copy what follows a place in the weight into a row of the panel: one move, where a loop takes one per number."""
    if weight.layout != "C" or panel.layout != "C":
        return None

    def emit(context, builder, signature, args):
        source, target = (context.make_array(signature.args[i])(context, builder, args[i]) for i in (0, 3))
        number, width = source.data.type.pointee, cgutils.unpack_tuple(builder, source.shape)[1]
        size = context.get_abi_sizeof(number)
        lanes = PANEL_BYTES // size
        vector = ir.VectorType(number, lanes).as_pointer()
        place = builder.gep(source.data, [builder.add(builder.mul(args[1], width), args[2])])
        line = builder.load(builder.bitcast(place, vector), align=size)
        place = builder.gep(target.data, [builder.mul(args[1], width.type(lanes))])
        builder.store(line, builder.bitcast(place, vector), align=size)
        return context.get_dummy_value()

    return types.void(weight, row, column, panel), emit


@intrinsic
def _multiply_panel(typing_context, x, panel, out, column):
    """Write the product of all rows and a panel into the columns of `out` from `column` on."""
    if any(array.layout != "C" for array in (x, panel, out)):
        return None

    def emit(context, builder, signature, args):
        arrays = [context.make_array(kind)(context, builder, arg) for kind, arg in zip(signature.args, args[:3])]
        whole, half = (
            _Tile(context, builder, *arrays, args[3], n_bytes) for n_bytes in (PANEL_BYTES, PANEL_BYTES // 2)
        )
        is_wide = builder.icmp_signed(">", whole.n_columns, whole.n_columns.type(half.lanes))
        with builder.if_else(is_wide) as (wide, narrow):
            with wide:
                whole.write_all()
            with narrow:
                half.write_all()
        return context.get_dummy_value()

    return types.void(x, panel, out, column), emit


class _Tile:
    """Instructions for the tiles of a panel, whose sums stay in registers.

    n_bytes : of columns
    """

    def __init__(self, context, builder, x, panel, out, column, n_bytes):
        self.builder, self.x, self.panel, self.out, self.column = builder, x, panel, out, column
        self.number = x.data.type.pointee
        self.size = context.get_abi_sizeof(self.number)
        self.lanes, self.panel_lanes = n_bytes // self.size, PANEL_BYTES // self.size
        self.vector = ir.VectorType(self.number, self.lanes)
        self.rows = REGISTERS * min(n_bytes, _register_bytes(context)) // n_bytes
        (self.n_rows, self.depth), (_, self.width) = (cgutils.unpack_tuple(builder, a.shape) for a in (x, out))
        self.n_columns = builder.sub(self.width, column)

    def write_all(self):
        nothing, step = self.n_rows.type(0), self.n_rows.type(self.rows)
        with cgutils.for_range_slice(self.builder, nothing, self.n_rows, step, inc=True) as (first, _):
            last = self._plus(self.n_rows, -1)
            rows = [self._smaller(self._plus(first, r), last) for r in range(self.rows)]
            self._store(first, rows, self._sums(rows))

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
        weights = builder.load(
            self._as_vector(self.panel.data, builder.mul(k, k.type(self.panel_lanes))), align=self.size
        )
        for start, total in zip(starts, sums):
            value = self._repeated(builder.load(builder.gep(start, [k])))
            term = builder.fmul(value, weights, flags=("contract",))
            builder.store(builder.fadd(builder.load(total), term, flags=("contract",)), total)

    def _store(self, first, rows, sums):
        """Into `out`: a tile that is too wide writes over rows below it, and columns left of it, which are yet to come.

        By way of the stack where that would end outside of `out`.
        """
        builder = self.builder
        n_written = builder.add(
            builder.add(builder.mul(rows[-1], self.width), self.column), self.width.type(self.lanes)
        )
        is_inside = builder.icmp_signed("<=", n_written, builder.mul(self.n_rows, self.width))
        aside = cgutils.alloca_once(builder, ir.ArrayType(self.number, self.rows * self.lanes))
        aside = builder.bitcast(aside, self.number.as_pointer())
        for r, (row, total) in enumerate(zip(rows, sums)):
            place = builder.gep(aside, [self.width.type(r * self.lanes)])
            place = builder.select(is_inside, self._place(row), place)
            builder.store(total, self._as_vector(place, self.width.type(0)), align=self.size)
        with builder.if_then(builder.not_(is_inside)):
            n_rows = self._smaller(builder.sub(self.n_rows, first), self.width.type(self.rows))
            n_columns = self._smaller(self.n_columns, self.width.type(self.lanes))
            with cgutils.for_range(builder, n_rows) as over_rows:
                source = builder.gep(aside, [builder.mul(over_rows.index, self.width.type(self.lanes))])
                place = self._place(builder.add(first, over_rows.index))
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


def _register_bytes(context):
    """Size of the processor's vectors."""
    return 64 if "+avx512f" in context.codegen().magic_tuple()[2] else 32
