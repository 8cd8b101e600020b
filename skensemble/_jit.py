"""The one decorator for kernels: compiled without the GIL, cached on disk, silent when the disk refuses.

Numba's own cache has four habits that hurt users: it raises at import when no folder can be written, it raises at
the first call when a cache file is damaged, it does not notice that a function called from another file has changed,
and two processes that compile at once may lose or mix up files.  The cache below answers with "compile again" to the
first two.  For the third it stamps the kernels of a file with a hash of that file and of all files of the package that
it imports: a change elsewhere compiles nothing anew.  For the fourth each signature has a file of its own.
"""

import contextlib
import copy
import functools
import gc
import hashlib
import logging
import operator
import re
from pathlib import Path
from types import BuiltinFunctionType

import numba
from llvmlite import binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core import ir as numba_ir
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
    UserWideCacheLocator,
    ZipCacheLocator,
)
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, Flags
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.cpu import CPUContext
from numba.core.errors import new_error_context
from numba.core.ir_utils import build_definitions
from numba.core.lowering import Lower
from numba.core.runtime import rtsys
from numba.core.runtime.context import NRTContext
from numba.core.sigutils import normalize_signature
from numba.core.ssa import reconstruct_ssa
from numba.core.typed_passes import NativeLowering, PreLowerStripPhis
from numba.core.typing import Context
from numba.core.untyped_passes import ReconstructSSA
from numba.extending import intrinsic
from numba.np.arrayobj import fix_integer_index, load_item, store_item

logger = logging.getLogger(__name__)


def kernel(function):
    """Compile `function` on its first call, for arrays and scalars only.

    Two dispatchers stand behind it, for compiling is what users wait for.  The outer one, for calls from Python, is
    cached. The inner one, for calls from other kernels, leaves optimising to the caller (see `_BitcodeLibrary`),
    needs no wrapper, and does not specialise on constants, so that `f(0)` and `f(n)` share one compilation.
    """
    if numba.config.DISABLE_JIT:
        return function
    outer = numba.njit(pipeline_class=_OuterCompiler, **_OPTIONS)(function)
    inner = numba.njit(no_cpython_wrapper=True, pipeline_class=_InnerCompiler, **_OPTIONS)(function)
    outer.get_call_template = lambda args, kws: inner.get_call_template(
        [types.unliteral(arg) for arg in args], {name: types.unliteral(arg) for name, arg in kws.items()}
    )
    outer.get_overload = inner.get_overload
    try:
        outer._cache = _KernelCache(function)
    except Exception as error:  # no folder to write to, or a Numba whose cache is built differently
        logger.debug("kernels are compiled anew in each process: %s", error)
    return outer


_OPTIONS = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}

# -- kernels that own no memory --------------------------------------------------------------------------------------
# Numba counts references to an array each time one is read from a state or handed on: an atomic addition for which
# cores fight, and code that has to be compiled.  A kernel that makes no arrays only borrows those of its caller, who
# keeps them alive, and need not count.


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
                found = _code_of_cells(function, signature)
                _IMPLEMENTATIONS[key] = found or super().get_function(function, signature, **options)
            except NotImplementedError:  # which refers to all that is being compiled, so it is not kept
                _IMPLEMENTATIONS[key] = None
        known = _IMPLEMENTATIONS[key]
        if known is None:
            raise NotImplementedError(f"No definition for lowering {function}{signature}")
        found = known.__class__.__new__(known.__class__)
        found.__dict__.update(known.__dict__, _context=self)
        return found

    def _compile_subroutine_no_cache(self, *args, **options):
        """Numba's own functions are compiled by its own rules."""
        plain = self.subtarget(typing_context=self.typing_context._rules)
        return CPUContext._compile_subroutine_no_cache(plain, *args, **options)


class _CodeOfCells:
    """What reads or writes a cell of an array: Numba's takes the array apart in memory, in thrice as much code."""

    def __init__(self, emit, signature):
        self._emit, self._signature = emit, signature

    def __call__(self, builder, args, loc=None):
        return self._emit(self._context, builder, self._signature, args)


def _code_of_cells(function, signature):
    """Of reading or writing one cell; None for all else."""
    name = getattr(function, "typing_key", None)
    if name not in (operator.getitem, operator.setitem) or type(signature.args[0]) is not types.Array:
        return None
    index = signature.args[1]
    indices = list(index) if isinstance(index, types.BaseTuple) else [index]
    is_one_cell = len(indices) == signature.args[0].ndim and all(isinstance(kind, types.Integer) for kind in indices)
    is_number = isinstance(signature.args[0].dtype, (types.Number, types.Boolean))
    emit = _read_cell if name is operator.getitem else _write_cell
    return _CodeOfCells(emit, signature) if is_one_cell and is_number else None


def _read_cell(context, builder, signature, args):
    return load_item(context, builder, signature.args[0], _address(context, builder, signature, args))


def _write_cell(context, builder, signature, args):
    array, _, given = signature.args
    address = _address(context, builder, signature, args)
    store_item(context, builder, array, context.cast(builder, args[2], given, array.dtype), address)


def _address(context, builder, signature, args):
    """Of a cell; an index below 0 counts from the end."""
    (kind, index), array = signature.args[:2], args[0]
    is_tuple = isinstance(index, types.BaseTuple)
    indices = cgutils.unpack_tuple(builder, args[1], len(index)) if is_tuple else [args[1]]
    shape = [builder.extract_value(array, (_SHAPE, axis)) for axis in range(kind.ndim)]
    places = [
        fix_integer_index(context, builder, index_kind, place, length)
        for index_kind, place, length in zip(index if is_tuple else [index], indices, shape)
    ]
    if context.enable_boundscheck:
        for axis, (place, length) in enumerate(zip(places, shape)):
            cgutils.do_boundscheck(context, builder, place, length, axis)
    data = builder.extract_value(array, _DATA)
    if kind.layout == "C" and kind.ndim == 1:
        return builder.gep(data, places)
    strides = [builder.extract_value(array, (_STRIDES, axis)) for axis in range(kind.ndim)]
    return cgutils.get_item_pointer2(context, builder, data, shape, strides, kind.layout, places)


_DATA, _SHAPE, _STRIDES = 4, 5, 6  # where the parts of an array stand
_SIZES = {}  # bytes of LLVM's types by how they are written
_IMPLEMENTATIONS = {}  # code generators by function and signature


class _BorrowingContext(_KernelContext):
    """Code that may read what is behind a reference, and leaves the count as it is."""

    @property
    def nrt(self):
        return NRTContext(self, True)


class _Lower(Lower):
    def init(self):
        super().init()
        self._counting = self.context.subtarget(typing_context=_quick_rules(self.context.typing_context, lowers=True))
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


class _Lowering(NativeLowering):
    _name = "lowering_without_counts"
    lowering_class = _Lower


_Lowering = register_pass(mutates_CFG=True, analysis_only=False)(_Lowering)

# -- compiling a kernel that is called by kernels --------------------------------------------------------------------
# Numba optimises each function together with all that it calls, then its caller together with it and all that it
# calls, and so on up: a chain of ten calls copies, optimises and emits the lowest function ten times. Here only the
# kernel that Python calls is linked with all that it needs, once, optimised and made into machine code; what it calls
# stays LLVM bitcode until then. Each function is still tidied up by itself (`_optimize_functions`): it costs nothing
# that shows in a first fit, and without it a kernel that is inlined keeps loads and branches for which loops are not
# vectorised (predicting took 2.6 times as long).


class _Defined:
    """A module of which only those functions are seen that have a body."""

    def __init__(self, module):
        self._module = module

    @property
    def data_layout(self):
        return self._module.data_layout

    @data_layout.setter
    def data_layout(self, layout):
        self._module.data_layout = layout

    @property
    def functions(self):
        return [function for function in self._module.functions if not function.is_declaration]


class _KernelLibrary(JITCodeLibrary):
    """Code of which no time is spent on functions that are only named."""

    def _optimize_functions(self, module):
        super()._optimize_functions(_Defined(module))


class _OuterLibrary(_KernelLibrary):
    """Code that is linked with what it calls, and with what that calls, and so on."""

    def add_linking_library(self, library):
        if library not in self._linking_libraries:
            super().add_linking_library(library)
            if isinstance(library, _BitcodeLibrary):
                for called in library._linking_libraries:
                    self.add_linking_library(called)


class _BitcodeLibrary(_KernelLibrary):
    """Code that its outermost caller will link, optimise and emit."""

    def finalize(self):
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name):
        return 0  # Python never calls it

    @property
    def codegen(self):
        return _NoMachineCode


class _OuterLowering(_Lowering):
    _name = "lowering_to_machine_code"
    library_class = _OuterLibrary

    def run_pass(self, state):
        state.library = state.targetctx.codegen().create_library(state.func_id.func_qualname)
        state.library.__class__ = self.library_class
        state.library.enable_object_caching()
        return super().run_pass(state)


class _InnerLowering(_OuterLowering):
    _name = "lowering_to_bitcode"
    library_class = _BitcodeLibrary


_OuterLowering = register_pass(mutates_CFG=True, analysis_only=False)(_OuterLowering)
_InnerLowering = register_pass(mutates_CFG=True, analysis_only=False)(_InnerLowering)


class _NoMachineCode:
    @staticmethod
    def set_env(name, environment):
        """Code that does not exist yet cannot be told its Python environment; kernels have no use for one."""


# -- the steps of a compilation --------------------------------------------------------------------------------------

_NOT_FOR_KERNELS = (  # steps for what kernels do not have: closures, expressions of whole arrays, branches on types
    "IRProcessing",  # the rewrites end with the same
    "WithLifting",
    "InlineClosureLikes",
    "RewriteSemanticConstants",
    "DeadBranchPrune",
    "RewriteDynamicRaises",
    "MakeFunctionToJitFunction",
    "InlineInlinables",
    "FindLiterallyCalls",
    "LiteralUnroll",
    "LiteralPropagationSubPipelinePass",
    "InlineOverloads",
    "NopythonRewrites",
    "NoPythonSupportedFeatureValidation",
    "DumpParforDiagnostics",
)


class _SingleAssignment(ReconstructSSA):
    """Without the lifetimes of variables, which are found for the rewrites and before lowering."""

    _name = "ssa_of_kernels"

    def run_pass(self, state):
        state.func_ir = reconstruct_ssa(state.func_ir)
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        return True


class _WithoutPhis(PreLowerStripPhis):
    """As above."""

    _name = "strip_phis_of_kernels"

    def run_pass(self, state):
        state.func_ir = self._strip_phi_nodes(state.func_ir)
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        return True


_SingleAssignment = register_pass(mutates_CFG=True, analysis_only=False)(_SingleAssignment)
_WithoutPhis = register_pass(mutates_CFG=True, analysis_only=False)(_WithoutPhis)


class _PassManager(PassManager):
    """Numba's, without reports of each pass, whose text takes as long as a short pass."""

    def _runPass(self, index, step, state):
        step.analysis = self._analysis
        with new_error_context("Pass {name}", name=step.name()):
            step.run_initialization(state)
            step.run_pass(state)
            step.run_finalizer(state)


class _Flags(Flags):
    """Numba's flags, a key of its tables of types, compared in a tenth of the time."""

    def __eq__(self, other):
        return self._values == other._values if isinstance(other, _Flags) else super().__eq__(other)

    def __hash__(self):
        return hash(_Flags)


class _TypingContext(Context):
    """Numba's rules of types, which answer the same question once: it asks at each call, twice, in each function."""

    def resolve_function_type(self, function, args, named):
        if not isinstance(function, (str, types.Function, types.Dispatcher)):
            return self._rules.resolve_function_type(function, args, named)
        try:
            key = function, args, tuple(named.items()) if named else ()
            known = self._known.get(key)
        except TypeError:  # a slice as an argument, which has no hash
            return self._rules.resolve_function_type(function, args, named)
        if known is None:
            known = self._rules.resolve_function_type(function, args, named)
            if known is not None:
                self._known[key] = known
        return known

    def resolve_value_type(self, value):
        """Numba first tries to see operators as numbers, and reports why they are none."""
        if not isinstance(value, (BuiltinFunctionType, type)):
            return self._rules.resolve_value_type(value)
        if value not in self._values:
            self._values[value] = self._rules.resolve_value_type(value)
        return self._values[value]

    def resolve_value_type_prefer_literal(self, value):
        if isinstance(value, (BuiltinFunctionType, type)):
            return self.resolve_value_type(value)
        return self._rules.resolve_value_type_prefer_literal(value)

    def resolve_setitem(self, target, index, value):
        return self.resolve_function_type(self.resolve_value_type(operator.setitem), (target, index, value), {})


class _LoweringRules(_TypingContext):
    """The same, for operators that are asked themselves."""

    def resolve_value_type(self, value):
        kind = super().resolve_value_type(value)
        if type(kind) is not types.Function:
            return kind
        if kind not in self._quick:
            self._quick[kind] = _QuickFunction.of(kind)
        return self._quick[kind]


class _QuickFunction(types.Function):
    """An operator that asks rules which know what they answered."""

    @classmethod
    def of(cls, function):
        quick = cls.__new__(cls)  # not by a call, for which Numba would find the equal function
        quick.__dict__.update(function.__dict__, _function=function)
        return quick

    def get_call_type(self, rules, args, named):
        return rules.resolve_function_type(self._function, args, named)

    def __eq__(self, other):
        return self._function == getattr(other, "_function", other)

    def __hash__(self):
        return hash(self._function)


@functools.cache
def _quick_rules(rules, lowers=False):
    quick = copy.copy(rules)  # with the same tables
    quick.__class__, quick._rules = _LoweringRules if lowers else _TypingContext, rules
    quick._known, quick._values, quick._quick = {}, {}, {}
    return quick


@contextlib.contextmanager
def _without_collecting_garbage():
    """A compilation makes millions of objects, which the collector looks through again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _compiler(name, lowering):
    """Numba's default pipeline with other steps, and without those that cost time for nothing."""
    instead = {NativeLowering: lowering, ReconstructSSA: _SingleAssignment, PreLowerStripPhis: _WithoutPhis}

    def init(self, typing_context, target_context, library, args, return_type, flags, variables):
        CompilerBase.__init__(
            self,
            _quick_rules(typing_context),
            target_context,
            library,
            args,
            return_type,
            _Flags(flags),
            variables,
        )

    def compile_extra(self, function):
        with _without_collecting_garbage():
            return CompilerBase.compile_extra(self, function)

    def define_pipelines(self):
        manager = _PassManager("nopython")
        for step, text in DefaultPassBuilder.define_nopython_pipeline(self.state).passes:
            if step.__name__ not in _NOT_FOR_KERNELS:
                manager.add_pass(instead.get(step, step), text)
        manager.finalize()
        return [manager]

    methods = {"__init__": init, "compile_extra": compile_extra, "define_pipelines": define_pipelines}
    return type(name, (CompilerBase,), methods)


_OuterCompiler = _compiler("_OuterCompiler", _OuterLowering)
_InnerCompiler = _compiler("_InnerCompiler", _InnerLowering)

# -- the cache -------------------------------------------------------------------------------------------------------


@functools.cache
def _source_stamp(file):
    """Hash of the files that the code and the constants of a file's kernels can come from."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(kernel_sources(file)):
        digest.update(_read(path))
    return digest.hexdigest()


def kernel_sources(file):
    """The file, this one, and all files of the package that they import, and so on: a set of paths.

    file : str or Path, of a file in the package or elsewhere
    """
    found, waiting = set(), [Path(file), Path(__file__)]
    while waiting:
        path = waiting.pop()
        if path not in found and path.is_file():
            found.add(path)
            waiting += map(_path_of, _IMPORTED.findall(_read(path)))
    return found


_IMPORTED = re.compile(rb"^from skensemble\.([\w.]+) import", re.MULTILINE)
_read = functools.cache(Path.read_bytes)


def _path_of(module):
    return Path(__file__).parent.joinpath(*module.decode().split(".")).with_suffix(".py")


def _stamped(locator):
    return type(
        "Stamped" + locator.__name__, (locator,), {"get_source_stamp": lambda self: _source_stamp(self._py_file)}
    )


class _KernelCacheImpl(CompileResultCacheImpl):
    _locator_classes = [
        *(_stamped(locator) for locator in (UserProvidedCacheLocator, InTreeCacheLocator, UserWideCacheLocator)),
        ZipCacheLocator,  # its stamp is the date of the archive, which holds all files
    ]

    def reduce(self, result):
        """What a process needs that only calls the kernel: no bitcode to inline it, no environments of Numba's own
        functions.  Of all symbols one is looked up by its name: that of the function for Python."""
        (name, kind, (machine_code, _)), function, *others, _ = super().reduce(result)
        entry = f'define void @"{function.llvm_cpython_wrapper_name}"() {{ ret void }}'
        library = name, kind, (machine_code, llvm.parse_assembly(entry).as_bitcode())
        return self._stamp(), (library, function, *others, ())

    def rebuild(self, target_context, payload):
        stamp, reduced = payload
        if stamp != self._stamp():
            raise ValueError("written by another version")
        return super().rebuild(target_context, reduced)

    def _stamp(self):
        return numba.__version__, self._locator.get_source_stamp()


class _FilePerSignature(IndexDataCacheFile):
    """One file for each signature of a kernel, named by a hash of it.

    Numba numbers these files and keeps the numbers in an index, where processes that compile at the same time
    overwrite each other's entries. Here they share nothing: a file is written beside its place and moved there.
    """

    def __init__(self, cache_path, filename_base):
        super().__init__(cache_path, filename_base, None)
        self._filename_base = filename_base

    def save(self, key, data):
        self._save_data(self._file_name(key), data)

    def load(self, key):
        try:
            return self._load_data(self._file_name(key))
        except FileNotFoundError:
            return None

    def flush(self):
        for path in Path(self._cache_path).glob(f"{self._filename_base}.*.nbc"):
            path.unlink(missing_ok=True)

    def _file_name(self, key):
        """Signature, processor and what a function closes over tell the kernels of one line apart; they have names
        that do not depend on the process."""
        signature, processor, (_, closed_over) = key
        digest = hashlib.sha256(repr((signature, processor, closed_over)).encode()).hexdigest()
        return f"{self._filename_base}.{digest[:16]}.nbc"


class _KernelCache(FunctionCache):
    """Numba's cache of one function, for which any failure is a miss."""

    _impl_class = _KernelCacheImpl

    def __init__(self, function):
        super().__init__(function)
        self._cache_file = _FilePerSignature(self._cache_path, self._impl.filename_base)

    def load_overload(self, sig, target_context):
        try:
            rtsys.initialize(target_context)  # all that loaded code needs; Numba's compiler is loaded by a compilation
            result = self._load_overload(sig, target_context)
            if result is not None and result.signature.args != normalize_signature(sig)[0]:
                raise ValueError("code of another signature")
            return result
        except Exception as error:  # truncated or damaged file: compile, and write it anew
            logger.debug("ignored a damaged cache file of %s: %s", self._name, error)
            return None

    def save_overload(self, sig, data):
        try:
            super().save_overload(sig, data)
        except Exception as error:  # folder vanished, disk full, quota
            logger.debug("could not cache %s: %s", self._name, error)


def cache_is_kept():
    """Can compiled kernels be written to disk?"""
    try:
        _KernelCache(kernel)
    except Exception:  # as in `kernel`
        return False
    return not numba.config.DISABLE_JIT


# -- prefetch --------------------------------------------------------------------------------------------------------


@intrinsic
def prefetch(typing_context, array, byte_offset):
    """Ask for the cache line that holds `array`'s byte at `byte_offset` (int64)."""

    def emit(context, builder, signature, args):
        byte_pointer = ir.IntType(8).as_pointer()
        i32 = ir.IntType(32)
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        address = builder.gep(builder.bitcast(data, byte_pointer), [args[1]])
        signature_ir = ir.FunctionType(ir.VoidType(), [byte_pointer, i32, i32, i32])
        function = cgutils.get_or_insert_function(builder.module, signature_ir, "llvm.prefetch.p0")
        builder.call(function, [address, i32(0), i32(3), i32(1)])  # read, keep in all levels, data
        return context.get_dummy_value()

    return types.void(array, types.int64), emit


# -- bits ------------------------------------------------------------------------------------------------------------


@intrinsic
def bits_of(typing_context, number):
    """The 64 bits of a float64, as int64."""

    def emit(context, builder, signature, args):
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), emit


@intrinsic
def lowest_bit(typing_context, word):
    """Position of the lowest bit that is set in a uint64 other than 0."""

    def emit(context, builder, signature, args):
        return builder.cttz(args[0], ir.IntType(1)(1))

    return types.uint64(types.uint64), emit
