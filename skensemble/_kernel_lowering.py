"""Lowering of kernels: from Numba's typed code to LLVM's text, with less Python and less text than Numba's own."""

import operator

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core import ir as numba_ir
from numba.core.compiler_machinery import register_pass
from numba.core.cpu import CPUContext
from numba.core.lowering import Lower
from numba.core.runtime.context import NRTContext
from numba.core.typed_passes import NativeLowering
from numba.cpython.builtins import do_minmax
from numba.np import arrayobj

from skensemble._kernel_typing import quick_rules


class _KernelContext(CPUContext):
    """What Numba asks for again and again is kept."""

    def get_abi_sizeof(self, kind):
        """Numba has LLVM parse a module that holds a value of the type."""
        if isinstance(kind, ir.IdentifiedStructType):
            return super().get_abi_sizeof(kind)
        text = str(kind)
        if text not in _SIZES:
            _SIZES[text] = super().get_abi_sizeof(kind)
        return _SIZES[text]

    def get_function(self, function, signature, **options):
        """Numba inspects the parameters of the code generator each time, and looks at all its registries each time that
        an array is used, for a way to see it as another kind of array."""
        key = function, signature
        if key not in _IMPLEMENTATIONS:
            try:
                found = _code_in_place(function, signature)
                _IMPLEMENTATIONS[key] = found or super().get_function(function, signature, **options)
            except NotImplementedError:  # which refers to all that is being compiled, so it is not kept
                _IMPLEMENTATIONS[key] = None
        known = _IMPLEMENTATIONS[key]
        if known is None:
            raise NotImplementedError(f"No definition for lowering {function}{signature}")
        found = known.__class__.__new__(known.__class__)
        found.__dict__.update(known.__dict__, _context=self)
        return found

    def compile_internal(self, builder, function, signature, args, locals=None):
        """Numba compiles two functions around one call of its allocator."""
        if function is arrayobj._call_allocator:
            return self.nrt.meminfo_alloc_aligned(builder, *args[1:])
        return super().compile_internal(builder, function, signature, args, locals)

    def _compile_subroutine_no_cache(self, *args, **options):
        """Numba's own functions are compiled by its own rules."""
        plain = self.subtarget(typing_context=self.typing_context._rules)
        return CPUContext._compile_subroutine_no_cache(plain, *args, **options)


class _CodeInPlace:
    """What is written where it is used: Numba has a function for it, or thrice as much code."""

    def __init__(self, emit, signature):
        self._emit, self._signature = emit, signature

    def __call__(self, builder, args, loc=None):
        return self._emit(self._context, builder, self._signature, args)


def _code_in_place(function, signature):
    """Of reading or writing one cell, of the calls that `_kernel_typing._plain_call` knows; None for all else."""
    name = getattr(function, "typing_key", None)
    if name in _PLAIN_CALLS and signature.pysig is None:
        return _CodeInPlace(_PLAIN_CALLS[name], signature)
    if name not in (operator.getitem, operator.setitem) or type(signature.args[0]) is not types.Array:
        return None
    index = signature.args[1]
    indices = list(index) if isinstance(index, types.BaseTuple) else [index]
    is_one_cell = len(indices) == signature.args[0].ndim and all(isinstance(kind, types.Integer) for kind in indices)
    is_number = isinstance(signature.args[0].dtype, (types.Number, types.Boolean))
    emit = _read_cell if name is operator.getitem else _write_cell
    return _CodeInPlace(emit, signature) if is_one_cell and is_number else None


def _read_cell(context, builder, signature, args):
    array, address = signature.args[0], _address(context, builder, signature, args)
    return context.unpack_value(builder, array.dtype, address, align=None if array.aligned else 1)


def _write_cell(context, builder, signature, args):
    array, _, given = signature.args
    address = _address(context, builder, signature, args)
    value = context.cast(builder, args[2], given, array.dtype)
    context.pack_value(builder, array.dtype, value, address, align=None if array.aligned else 1)


def _address(context, builder, signature, args):
    """Address of a cell."""
    (kind, index), (array, place) = signature.args[:2], args[:2]
    is_tuple = isinstance(index, types.BaseTuple)
    places = cgutils.unpack_tuple(builder, place, len(index)) if is_tuple else [place]
    shape = [builder.extract_value(array, (_SHAPE, axis)) for axis in range(kind.ndim)]
    axes = zip(index if is_tuple else [index], places, shape)
    places = [_place(context, builder, *axis) for axis in axes]
    if context.enable_boundscheck:
        for axis, (place, length) in enumerate(zip(places, shape)):
            cgutils.do_boundscheck(context, builder, place, length, axis)
    data = builder.extract_value(array, _DATA)
    if kind.layout == "C" and kind.ndim == 1:
        return builder.gep(data, places)
    strides = [builder.extract_value(array, (_STRIDES, axis)) for axis in range(kind.ndim)]
    return cgutils.get_item_pointer2(context, builder, data, shape, strides, kind.layout, places)


def _place(context, builder, kind, place, length):
    """Place along an axis; one below 0 counts from the end."""
    if not kind.signed:
        return context.cast(builder, place, kind, types.uintp)
    place = context.cast(builder, place, kind, types.intp)
    is_negative = builder.icmp_signed("<", place, length.type(0))
    return builder.select(is_negative, builder.add(place, length), place)


def _pick_by(comparison):
    def emit(context, builder, signature, args):
        return do_minmax(context, builder, signature.args, args, comparison)

    return emit


def _make_empty(context, builder, signature, args):
    return arrayobj._empty_nd_impl(context, builder, *arrayobj._parse_empty_args(context, builder, signature, args))


def _write_empty(context, builder, signature, args):
    return _make_empty(context, builder, signature, args)._getvalue()


def _write_zeros(context, builder, signature, args):
    array = _make_empty(context, builder, signature, args)
    cgutils.memset(builder, array.data, builder.mul(array.itemsize, array.nitems), 0)
    return array._getvalue()


_PLAIN_CALLS = {
    min: _pick_by(operator.lt),
    max: _pick_by(operator.gt),
    np.empty: _write_empty,
    np.zeros: _write_zeros,
}
_DATA, _SHAPE, _STRIDES = 4, 5, 6  # where the parts of an array stand
_SIZES = {}  # bytes of LLVM's types by how they are written
_IMPLEMENTATIONS = {}  # code generators by function and signature


# -- kernels that own no memory --------------------------------------------------------------------------------------
# Numba counts references to an array each time one is read from a state or handed on: an atomic addition for which
# cores fight, and code that has to be compiled.  A kernel that makes no arrays only borrows those of its caller, who
# keeps them alive, and need not count.


class _BorrowingContext(_KernelContext):
    """Code that may read what is behind a reference, and leaves the count as it is."""

    @property
    def nrt(self):
        return NRTContext(self, True)


class _Lower(Lower):
    def init(self):
        super().init()
        self._counting = self.context.subtarget(typing_context=quick_rules(self.context.typing_context, lowers=True))
        self._counting.__class__ = _KernelContext
        self.context = self._counting
        if not _owns_memory(self):
            self.context = self._counting.subtarget(enable_nrt=False, cached_internal_func=_BORROWING_INTERNALS)
            self.context.__class__ = _BorrowingContext

    def lower_block(self, block):
        self.pre_block(block)
        for instruction in block.body:  # Numba prepares a line of an error report for each
            self.loc = instruction.loc
            self.lower_inst(instruction)
        self.post_block(block)

    def lower_inst(self, instruction):
        """Numba's method, without the text of each instruction for a report."""
        if self.context.enable_debuginfo:
            super().lower_inst(instruction)
        elif isinstance(instruction, numba_ir.Assign):
            name, value = instruction.target.name, instruction.value
            is_argument = isinstance(value, numba_ir.Arg)
            code = self.lower_assign(self.typeof(name), instruction)
            self.storevar(code, name, value.index + 1 if is_argument else None)
        elif isinstance(instruction, numba_ir.Del):
            self.delvar(instruction.value)
        else:
            super().lower_inst(instruction)

    def lower_call(self, kind, call):
        """Numba's method, without a text of each call and its signature."""
        function, signature = self.typeof(call.func.name), self.fndesc.calltypes[call]
        is_plain = type(function) in (types.Function, types.Dispatcher, types.NumberClass) and call.target is None
        if not is_plain or signature.recvr or isinstance(signature.return_type, types.Phantom):
            return super().lower_call(kind, call)
        args = self.fold_call_args(function, signature, call.args, call.vararg, call.kws)
        code = self.context.get_function(function, signature)(self.builder, args, self.loc)
        if code is None and signature.return_type == types.void:
            code = self.context.get_dummy_value()
        return self.context.cast(self.builder, code, signature.return_type, kind)

    def storevar(self, value, name, argidx=None):
        """Numba loads what stood there, to count one reference less, also where nothing is counted."""
        if name in self._singly_assigned_vars or self._is_counted(name):
            super().storevar(value, name, argidx)
        else:
            self._alloca_var(name, self.typeof(name))
            self.builder.store(value, self.getvar(name))

    def delvar(self, name):
        """Numba clears the memory of each variable, lest a reference be dropped twice."""
        if self._is_counted(name):
            super().delvar(name)
        elif name not in self._blk_local_varmap:
            self._singly_assigned_vars.discard(name)

    def _is_counted(self, name):
        model_of = self.context.data_model_manager
        return self.context.enable_nrt and model_of[self.typeof(name)].contains_nrt_meminfo()

    def create_cpython_wrapper(self, release_gil=False):
        self.context = self._counting  # the wrapper takes references to Python's arrays
        super().create_cpython_wrapper(release_gil)


_BORROWING_INTERNALS = {}  # functions of Numba's own, compiled in a context that does not count
_VIEWS = ("getattr", "getitem", "static_getitem", "typed_getitem", "build_tuple", "exhaust_iter", "cast", "phi")


def _owns_memory(lower):
    """Does the kernel make an array, or return one?"""
    model_of, type_of = lower.context.data_model_manager, lower.fndesc.typemap
    new = [
        assignment.target.name
        for block in lower.func_ir.blocks.values()
        for assignment in block.find_insts(numba_ir.Assign)
        if isinstance(assignment.value, numba_ir.Expr) and not _is_view(assignment.value, type_of)
    ]
    kinds = [lower.fndesc.restype, *(type_of[name] for name in new)]
    return any(model_of[kind].contains_nrt_meminfo() for kind in kinds)


def _is_view(expression, type_of):
    picks = expression.op == "getitem" and isinstance(type_of[expression.index.name], types.Array)
    return expression.op in _VIEWS and not picks


class KernelLowering(NativeLowering):
    """The step of a compilation that lowers by `_Lower`."""

    _name = "lowering_without_counts"
    lowering_class = _Lower


KernelLowering = register_pass(mutates_CFG=True, analysis_only=False)(KernelLowering)
