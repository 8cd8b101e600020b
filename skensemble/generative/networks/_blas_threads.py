"""Matrix products on one core each, while our own threads share the rows.

The products of a small network take a fraction of a millisecond.  Threads of BLAS meet in the middle of each, and wait
for each other by spinning: where another process has the second core, a step of training takes many times as long.
Blocks of rows in threads of our own meet once a step, and the sums are the same for any number of them.
"""

import functools
import threading
from contextlib import contextmanager

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = []  # one entry per thread within `one_blas_thread`: the limit at the bottom, which the last one lifts


@functools.cache
def _controller():
    return ThreadpoolController()


@contextmanager
def one_blas_thread():
    """Within, BLAS uses one thread; nested and concurrent uses count as one."""
    with _lock:
        if not _inside:
            _inside.append(_controller().limit(limits=1, user_api="blas"))
        else:
            _inside.append(None)
    try:
        yield
    finally:
        with _lock:
            limit = _inside.pop()
            if limit is not None:
                limit.restore_original_limits()
