"""The one decorator for kernels: compiled without the GIL, cached on disk, silent when the disk refuses.

Numba's own cache has four habits that hurt users: it raises at import when no folder can be written, it raises at
the first call when a cache file is damaged, it does not notice that a function called from another file has changed,
and two processes that compile at once may lose or mix up files.  The cache below answers with "compile again" to the
first two.  For the third it stamps the kernels of a file with a hash of that file and of all files of the package that
it imports: a change elsewhere compiles nothing anew.  For the fourth each signature has a file of its own.
"""

import functools
import hashlib
import logging
import re
from pathlib import Path

import numba
from llvmlite import binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
    UserWideCacheLocator,
    ZipCacheLocator,
)
from numba.core.runtime import rtsys
from numba.core.sigutils import normalize_signature
from numba.extending import intrinsic

from skensemble._kernel_compiler import InnerCompiler, OuterCompiler
from skensemble._shipped_kernels import SHIPPED, shipped_processor

logger = logging.getLogger(__name__)


def kernel(function):
    """Compile `function` on its first call, for arrays and scalars only.

    Two dispatchers stand behind it, for compiling is what users wait for.  The outer one, for calls from Python, is
    cached. The inner one, for calls from other kernels, leaves optimising to the caller (see `_kernel_compiler.py`),
    needs no wrapper, and does not specialise on constants, so that `f(0)` and `f(n)` share one compilation.
    """
    if numba.config.DISABLE_JIT:
        return function
    outer = numba.njit(pipeline_class=OuterCompiler, **_OPTIONS)(function)
    inner = numba.njit(no_cpython_wrapper=True, pipeline_class=InnerCompiler, **_OPTIONS)(function)
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

    def __init__(self, cache_path, filename_base, shipped_path):
        super().__init__(cache_path, filename_base, None)
        self._filename_base, self._shipped_path = filename_base, shipped_path

    def save(self, key, data):
        self._save_data(self._file_name(key), data)

    def load(self, key):
        """What was compiled here, or else what a wheel brought."""
        try:
            return self._load_data(self._file_name(key))
        except FileNotFoundError:
            return self._load_shipped(*key)

    def _load_shipped(self, signature, processor, function):
        shipped = shipped_processor(processor)
        if shipped is None:
            return None
        try:
            return self._load_data(self._shipped_path / self._file_name((signature, shipped, function)))
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
        shipped_path = Path(function.__code__.co_filename).parent / SHIPPED
        self._cache_file = _FilePerSignature(self._cache_path, self._impl.filename_base, shipped_path)

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
