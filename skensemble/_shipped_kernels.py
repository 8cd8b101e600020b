"""Machine code that a platform wheel brings, so that its first fit compiles nothing.

It is compiled for an old processor of the platform, whose instructions all newer ones have. A kernel that was compiled
here, for the processor at hand, comes first; without either it is compiled, as after an installation from source.
"""

import functools
import platform

import numba
from llvmlite import binding as llvm

SHIPPED = "_compiled"  # folder beside the kernels' files
_X86_64_V3 = ("avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "popcnt", "sse4.1", "sse4.2", "ssse3")
_BASELINES = {  # LLVM's name of the processor, and what one has to have to run its code
    "x86_64": ("x86-64-v3", _X86_64_V3),
    "amd64": ("x86-64-v3", _X86_64_V3),
    "aarch64": ("generic", ()),
    "arm64": ("generic", ()),
}


def baseline_processor():
    """LLVM's name of the processor that a wheel of this platform is compiled for; None for a platform without one."""
    return _BASELINES.get(platform.machine().lower(), (None, ()))[0]


def shipped_processor(processor):
    """The baseline in place of a processor as Numba describes it; None where its code cannot run, or is not wanted.

    processor : (triple of the platform, name, features)
    """
    return (processor[0], baseline_processor(), "") if _runs_baseline() and not _asks_for_other_code() else None


@functools.cache
def _runs_baseline():
    name, needed = _BASELINES.get(platform.machine().lower(), (None, ()))
    return name is not None and (not needed or _has_features(needed))


def _has_features(needed):
    try:
        features = llvm.get_host_cpu_features()
    except RuntimeError:  # LLVM does not know this processor
        return False
    return all(features.get(feature, False) for feature in needed)


def _asks_for_other_code():
    """Has the user asked Numba for checks, for a report, or for the code of a certain processor?"""
    config = numba.config
    return bool(config.BOUNDSCHECK or config.DEBUGINFO_DEFAULT or config.CPU_NAME or not config.ENABLE_AVX)
