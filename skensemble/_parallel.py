"""Threads: how many, which pool, and blocks of work for it.

Two ways to use a second core:

* `for_blocks` hands blocks of rows to a thread pool (110 us a call): prediction, gradients, binning.
* a team meets inside one nogil kernel (0.1 us a meeting): growing a tree, see `_team.py`.

What a worker of a pool asks for in either way it does itself: workers wait for nobody.
"""

import functools
import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib

try:  # not public; without it, limits that threadpoolctl sets on OpenMP are not heeded
    from sklearn.utils._openmp_helpers import _openmp_effective_n_threads, _openmp_parallelism_enabled
except ImportError:

    def _openmp_parallelism_enabled():
        return False


# joblib before 1.3 has no such context, and answers 1 where none is set
_HAS_CONTEXT = hasattr(joblib, "parallel_config")

# -- how many threads ------------------------------------------------------------------------------------------------


def effective_n_jobs(n_jobs):
    """Threads to use for `n_jobs`: None is all that the surroundings allow, negative counts from the number of cores.

    Inside a joblib worker the cores are those that joblib leaves to each worker.
    """
    if n_jobs is not None and n_jobs > 0:
        return n_jobs
    backend, n_jobs_of_context = joblib.parallel.get_active_backend(prefer=None, require=None, verbose=0)
    n_cores = _left_by_joblib() if backend.nesting_level else _cores()
    if n_jobs is not None:
        return _counted_from_all(n_jobs, n_cores)
    limits = [_limit_of_openmp(), _limit_of_environment("OMP_NUM_THREADS"), _limit_of_environment("NUMBA_NUM_THREADS")]
    if _HAS_CONTEXT and n_jobs_of_context is not None:
        limits.append(_counted_from_all(int(n_jobs_of_context), n_cores))
    return int(min(n_cores, *limits))


def _counted_from_all(n_jobs, n_cores):
    return n_jobs if n_jobs > 0 else max(1, n_cores + 1 + n_jobs)


def _left_by_joblib():
    """What joblib tells the libraries in a worker process to use; a worker thread has one core."""
    in_process = threading.current_thread() is threading.main_thread()
    limit = _limit_of_environment("NUMBA_NUM_THREADS") if in_process else math.inf
    return limit if limit < math.inf else 1


def _cores():
    """Cores that this process may use: those of its affinity, as long as its quota lasts."""
    # Affinity and the environment can change at any time; reading them takes about a microsecond.
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _cores_of_machine()
    return int(min(affinity, _quota_of_cgroups(), _limit_of_environment("LOKY_MAX_CPU_COUNT")))


@functools.cache
def _cores_of_machine():
    return joblib.cpu_count()


def _limit_of_openmp():
    """Threads of scikit-learn's OpenMP, which `threadpoolctl.threadpool_limits` sets; infinite without OpenMP."""
    return _openmp_effective_n_threads(None, False) if _openmp_parallelism_enabled() else math.inf


def _limit_of_environment(name):
    """The number of threads in an environment variable; infinite where it is not set to one."""
    text = os.environ.get(name)
    return math.inf if text is None else _number_of_threads(text)


@functools.cache
def _number_of_threads(text):
    first = text.split(",")[0].strip()  # OpenMP takes a list, with one number for each level of nesting
    return int(first) if first.isdecimal() and int(first) > 0 else math.inf


# -- quotas of containers and services -------------------------------------------------------------------------------


@functools.cache
def _quota_of_cgroups(mount="/sys/fs/cgroup", membership="/proc/self/cgroup"):
    """CPU time per time, rounded up, that the control groups of this process allow; infinite without a quota.

    Of both versions of cgroups, and of a group and all above it: systemd limits services below the root. In a
    container, the path may be one of the host; its own group is then the root.
    """
    quotas = [math.inf]
    for controllers, path in _groups(membership):
        roots = (mount, f"{mount}/unified") if controllers == "" else (f"{mount}/{controllers}", f"{mount}/cpu")
        for folder in (Path(root) / above for root in roots for above in [path, *path.parents]):
            quotas.append(_quota_of_folder(folder))
    return max(1, min(quotas))


def _groups(membership):
    """(controllers, relative path) of each group with a quota of CPU time; version 2 names no controllers."""
    try:
        lines = Path(membership).read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "cpu" in controllers.split(","):
            yield controllers, Path(path.lstrip("/"))


def _quota_of_folder(folder):
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        quota, period = (math.inf if quota == "max" else int(quota)), int(period)
    except (OSError, ValueError):  # no such group, or no quota in it
        return math.inf
    return math.ceil(quota / period) if 0 < quota < math.inf and period > 0 else math.inf


# -- the pool --------------------------------------------------------------------------------------------------------

_pools = {}  # (process id, n_threads, kind) -> ThreadPoolExecutor; a forked child finds none of its own and makes one
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
    """The process's pool of `n_threads` threads for blocks of work, made on first use."""
    return _pool(n_threads, "blocks")


def helper_pool(n_threads):
    """The process's pool of `n_threads` threads for helpers of a team, who may stay for a while."""
    return _pool(n_threads, "helpers")


def _pool(n_threads, kind):
    with _pools_lock:
        key = (os.getpid(), n_threads, kind)
        if key not in _pools:
            _pools[key] = ThreadPoolExecutor(n_threads, f"skensemble-{kind}", initializer=_become_worker)
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
    if 0 < n <= block:
        return [function(0, n)]  # without what takes as long as a small block
    bounds = [(start, min(start + block, n)) for start in range(0, n, block)]
    return list(in_order(lambda bound: function(*bound), bounds, n_threads))


def for_each_with_own(tools, function, n):
    """Call `function(tool, k)` for each k in range(n), on a thread per tool; results in order.

    No two calls have the same tool at a time.
    """
    if len(tools) == 1:
        return [function(tools[0], k) for k in range(n)]
    idle = list(tools)

    def call(k, _):
        tool = idle.pop()
        result = function(tool, k)
        idle.append(tool)
        return result

    return for_blocks(call, n, 1, len(tools))
