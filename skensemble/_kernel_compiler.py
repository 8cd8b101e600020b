"""Compilers of kernels: of one that Python calls, and of those that it calls in turn."""

import contextlib
import gc
from concurrent.futures import Future, ThreadPoolExecutor

from llvmlite import binding as llvm
from numba.core import cgutils
from numba.core.codegen import CodeLibrary, JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, Flags
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.errors import new_error_context
from numba.core.ir_utils import build_definitions
from numba.core.ssa import reconstruct_ssa
from numba.core.typed_passes import NativeLowering, PreLowerStripPhis
from numba.core.untyped_passes import ReconstructSSA

from skensemble._kernel_lowering import KernelLowering
from skensemble._kernel_typing import quick_rules

# -- compiling a kernel that is called by kernels --------------------------------------------------------------------
# Numba optimises each function together with all that it calls, then its caller together with it and all that it
# calls, and so on up: a chain of ten calls copies, optimises and emits the lowest function ten times. Here only the
# kernel that Python calls is linked with all that it needs, once, optimised and made into machine code; what it calls
# stays LLVM bitcode until then. Each function is still tidied up by itself (`_optimize_functions`): it costs nothing
# that shows in a first fit, and without it a kernel that is inlined keeps loads and branches for which loops are not
# vectorised (predicting took 2.6 times as long).


class _KernelLibrary(JITCodeLibrary):
    """Code that three quick passes tidy up before it is linked; Numba runs all passes then, and again afterwards."""

    def _optimize_functions(self, module):
        module.data_layout = self._codegen._data_layout
        builder, passes = self._codegen._pass_builder(), llvm.create_new_function_pass_manager()
        passes.add_sroa_pass()
        passes.add_simplify_cfg_pass()
        passes.add_instruction_combine_pass()
        for function in module.functions:
            if not function.is_declaration:
                passes.run(function, builder)


class _OuterLibrary(_KernelLibrary):
    """Code that is linked with what it calls, and with what that calls, and so on."""

    def add_linking_library(self, library):
        if library not in self._linking_libraries:
            super().add_linking_library(library)
            if isinstance(library, _BitcodeLibrary):
                for called in library._linking_libraries:
                    self.add_linking_library(called)


class _BitcodeLibrary(_KernelLibrary):
    """Code that its outermost caller will link, optimise and emit; LLVM reads it while Python goes on."""

    def __init__(self, codegen, name):
        CodeLibrary.__init__(self, codegen, name)  # without an empty module, to which others would be added
        self._linking_libraries = []

    def add_ir_module(self, ir_module):
        text = cgutils.normalize_ir_text(str(ir_module))
        try:
            self._reading = _READERS[-1].submit(self._read, text)
        except (IndexError, RuntimeError):  # nobody reads, as below a function of the user's; no thread can be started
            self._reading = Future()
            self._reading.set_result(self._read(text))

    def _read(self, text):
        module = llvm.parse_assembly(text)
        self._optimize_functions(module)
        for function in module.functions:
            if not function.is_declaration and function.linkage == llvm.Linkage.external:
                function.linkage = "linkonce_odr"
        return module

    def _get_module_for_linking(self):
        return self._reading.result()

    def finalize(self):
        self._finalized = True

    def get_pointer_to_function(self, name):
        return 0  # Python never calls it

    @property
    def codegen(self):
        return _NoMachineCode


_READERS = []  # a pool of one thread, of the kernel that is being compiled


class _OuterLowering(KernelLowering):
    _name = "lowering_to_machine_code"
    library_class = _OuterLibrary

    def run_pass(self, state):
        state.library = self.library_class(state.targetctx.codegen(), state.func_id.func_qualname)
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


@contextlib.contextmanager
def _reading():
    """LLVM, which needs no lock of Python's, reads the kernels that are called while Python works on the next ones."""
    with ThreadPoolExecutor(1, "skensemble-compiler") as pool:
        _READERS.append(pool)
        try:
            yield
        finally:
            _READERS.pop()


def _compiler(name, lowering, surroundings):
    """Numba's default pipeline with other steps, and without those that cost time for nothing."""
    instead = {NativeLowering: lowering, ReconstructSSA: _SingleAssignment, PreLowerStripPhis: _WithoutPhis}

    def init(self, typing_context, target_context, library, args, return_type, flags, variables):
        CompilerBase.__init__(
            self,
            quick_rules(typing_context),
            target_context,
            library,
            args,
            return_type,
            _Flags(flags),
            variables,
        )

    def compile_extra(self, function):
        with surroundings(), _without_collecting_garbage():
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


OuterCompiler = _compiler("OuterCompiler", _OuterLowering, _reading)
InnerCompiler = _compiler("InnerCompiler", _InnerLowering, contextlib.nullcontext)
