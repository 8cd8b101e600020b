"""The one decorator for kernels: compiled without the GIL, cached on disk, silent when the disk refuses.

Numba's own cache has three habits that hurt users: it raises at import when no folder can be written, it raises at the first
call when a cache file is damaged, and it does not notice that a function called from another file has changed.  The cache
below answers with "compile again" to the first two, and stamps every file with a hash of all kernel sources for the third.
"""

import functools
import hashlib
import logging
from pathlib import Path

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
    UserWideCacheLocator,
    ZipCacheLocator,
)
from numba.extending import intrinsic

logger = logging.getLogger(__name__)


def kernel(function):
    """Compile `function` on its first call, for arrays and scalars only; see `kernel_measurements` in docs/design.md."""
    dispatcher = numba.njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)(function)
    _forget_literals(dispatcher)
    try:
        dispatcher._cache = _KernelCache(function)
    except Exception as error:  # no folder to write to, or a Numba whose cache is built differently
        logger.debug("kernels are compiled anew in each process: %s", error)
    return dispatcher


def _forget_literals(dispatcher):
    """Let `f(0)` and `f(n)` inside kernels share one compilation; Numba would make one for each constant."""
    resolve = dispatcher.get_call_template
    dispatcher.get_call_template = lambda args, kws: resolve(
        [types.unliteral(arg) for arg in args], {name: types.unliteral(arg) for name, arg in kws.items()}
    )


@functools.cache
def _source_stamp():
    """Hash of every source file of the package: a kernel may call kernels of other files."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _stamped(locator):
    return type("Stamped" + locator.__name__, (locator,), {"get_source_stamp": lambda self: _source_stamp()})


class _KernelCacheImpl(CompileResultCacheImpl):
    _locator_classes = [
        _stamped(locator) for locator in (UserProvidedCacheLocator, InTreeCacheLocator, UserWideCacheLocator, ZipCacheLocator)
    ]


class _KernelCache(FunctionCache):
    """Numba's cache of one function, for which any failure is a miss."""

    _impl_class = _KernelCacheImpl

    def load_overload(self, sig, target_context):
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # truncated or damaged file: compile, and write it anew
            logger.debug("ignored a damaged cache file of %s: %s", self._name, error)
            self._forget_index()
            return None

    def save_overload(self, sig, data):
        try:
            super().save_overload(sig, data)
        except Exception as error:  # folder vanished, disk full, quota
            logger.debug("could not cache %s: %s", self._name, error)

    def _forget_index(self):
        try:
            self.flush()
        except OSError as error:
            logger.debug("could not reset the cache of %s: %s", self._name, error)


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
