"""Arrays that are in a file: they take no memory while nobody reads them."""

import mmap

import numpy as np


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
    return owner if isinstance(owner, mmap.mmap) else None


def _address(array):
    return array.__array_interface__["data"][0]
