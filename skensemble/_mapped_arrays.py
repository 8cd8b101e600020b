"""Arrays outside of what malloc keeps: in a file, or in pages that go back at once."""

import math
import mmap

import numpy as np

LARGE = 1 << 20  # bytes


def new_array(shape, dtype):
    """An array that is not cleared, whose memory goes back as soon as nobody holds it.

    What malloc is given back it may keep: after large arrays were freed, more and larger ones.
    """
    n_bytes = np.dtype(dtype).itemsize * math.prod(shape)
    if n_bytes < LARGE:
        return np.empty(shape, dtype)
    private = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
    return np.frombuffer(_Pages(-1, n_bytes, **private), dtype).reshape(shape)


class _Pages(mmap.mmap):
    """Memory that is in no file: what is let go there is lost."""


def let_go(part):
    """Have a part of an array take no memory while nobody reads it, if the array is in a file.

    part : (n,) or (n_outputs, n), a view of the array
    """
    mapped = _file_of(part)
    if mapped is None or not (hasattr(mapped, "madvise") and hasattr(mmap, "MADV_DONTNEED")):
        return
    origin = _address(np.frombuffer(mapped, np.uint8))
    for piece in [part] if part.flags.c_contiguous else part:
        begin = _address(piece) - origin
        first, last = (place // mmap.PAGESIZE * mmap.PAGESIZE for place in (begin, begin + piece.nbytes))
        if last > first:
            mapped.madvise(mmap.MADV_DONTNEED, first, last - first)


def _file_of(array):
    """The mmap that an array is a view of, or None."""
    while isinstance(array, np.ndarray):
        array = array.base
    owner = array.obj if isinstance(array, memoryview) else array
    return owner if isinstance(owner, mmap.mmap) and not isinstance(owner, _Pages) else None


def _address(array):
    return array.__array_interface__["data"][0]
