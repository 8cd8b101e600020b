"""Where the codes of a table are kept: in memory while they fit, else in a file that has no name."""

import mmap
import os
import tempfile

import numpy as np

MOST_OF_FREE_MEMORY = 0.5


def free_memory():
    """Bytes that a process may take, as the system says; infinite where it does not."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return np.inf


def new_codes(shape, dtype, cache_dir):
    """An array of zeros, in memory while it fits, else in a file."""
    if _n_bytes(shape, dtype) <= MOST_OF_FREE_MEMORY * free_memory():
        return np.zeros(shape, dtype)
    return new_codes_in_file(shape, dtype, cache_dir)[0]


def new_codes_in_order(shape, dtype, cache_dir):
    """(an array of zeros, its file as a mmap, or None), for codes that are read in order: in a file if there is a
    folder for it."""
    if cache_dir is None and _n_bytes(shape, dtype) <= MOST_OF_FREE_MEMORY * free_memory():
        return np.zeros(shape, dtype), None
    return new_codes_in_file(shape, dtype, cache_dir)


def _n_bytes(shape, dtype):
    return int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize


def new_codes_in_file(shape, dtype, cache_dir):
    """(an array of zeros in a file, the file as a mmap).  Disk space is taken at once: a full disk is told, not met."""
    n_bytes = _n_bytes(shape, dtype)
    folder = tempfile.gettempdir() if cache_dir is None else cache_dir
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, n_bytes)
            else:
                file.truncate(n_bytes)
            mapped = mmap.mmap(file.fileno(), n_bytes)
    except OSError as error:
        raise OSError(
            f"cache_dir must be a folder with {n_bytes / 2**30:.3g} GiB free for the codes of the table, "
            f"got {str(folder)!r}: {error}."
        ) from error
    return np.frombuffer(mapped, dtype).reshape(shape), mapped
