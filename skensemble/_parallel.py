"""Threads: how many, which pool, and blocks of work for it.

Two ways to use a second core:

* `for_blocks` hands blocks of rows to a thread pool (110 us a call): prediction, gradients, binning.
* a team meets inside one nogil kernel (0.1 us a meeting): growing a tree, see `_team.py`.

What a worker of a pool asks for in either way it does itself: workers wait for nobody.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib

# -- how many threads ------------------------------------------------------------------------------------------------


def effective_n_jobs(n_jobs):
    """Number of threads for `n_jobs`: None is all that are available, a negative number counts back from that.

    Inside a joblib worker, those are available that joblib leaves to each worker.
    """
    available = _left_by_joblib() if _inside_joblib_worker() else joblib.cpu_count()
    if n_jobs is None:
        return available
    if n_jobs < 0:
        return max(1, available + 1 + n_jobs)
    return n_jobs


def _inside_joblib_worker():
    backend, _ = joblib.parallel.get_active_backend()
    return (backend.nesting_level or 0) > 0


def _left_by_joblib():
    """What joblib tells the libraries in a worker process to use; a worker thread has one core."""
    in_process = threading.current_thread() is threading.main_thread()
    return int(os.environ.get("NUMBA_NUM_THREADS", 1)) if in_process else 1


# -- the pool --------------------------------------------------------------------------------------------------------

_pools = {}  # (process id, n_threads) -> ThreadPoolExecutor; a forked child finds none of its own and makes one
_pools_lock = threading.Lock()
_this_thread = threading.local()  # is_worker: does it belong to a pool?


def _become_worker():
    _this_thread.is_worker = True


def _forget_pools():
    """A forked child has none of its parent's threads, and perhaps a lock that one of them held."""
    global _pools_lock
    _pools_lock = threading.Lock()
    _pools.clear()
    _this_thread.is_worker = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pools)


def thread_pool(n_threads):
    """The process's pool of `n_threads` threads, made on first use."""
    with _pools_lock:
        key = (os.getpid(), n_threads)
        if key not in _pools:
            _pools[key] = ThreadPoolExecutor(n_threads, "skensemble", initializer=_become_worker)
        return _pools[key]


def threads_here(n_threads):
    """How many of `n_threads` threads the calling thread may have work done by; 1 in a worker of a pool.

    A worker that waited for other workers would wait for ever once all of them do. The others are busy anyway.
    """
    return 1 if getattr(_this_thread, "is_worker", False) else n_threads


def in_order(function, items, n_threads):
    """Yield `function(item)` for each of `items`, in their order, worked out on `n_threads` threads."""
    if threads_here(n_threads) <= 1 or len(items) <= 1:
        yield from map(function, items)
    else:
        yield from thread_pool(n_threads).map(function, items)


def for_blocks(function, n, block, n_threads):
    """Call `function(start, stop)` for the blocks of range(n), on `n_threads` threads; results in order."""
    bounds = [(start, min(start + block, n)) for start in range(0, n, block)]
    return list(in_order(lambda bound: function(*bound), bounds, n_threads))


def for_each_with_own(tools, function, n):
    """Call `function(tool, k)` for each k in range(n), on a thread per tool; results in order.

    No two calls have the same tool at a time.
    """
    idle = list(tools)

    def call(k, _):
        tool = idle.pop()
        result = function(tool, k)
        idle.append(tool)
        return result

    return for_blocks(call, n, 1, len(tools))
