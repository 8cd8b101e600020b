"""Threads: how many, which pool, and how a team of them shares the work inside one kernel.

Two ways to use a second core:

* `for_blocks` hands blocks of rows to a thread pool (110 us a call): prediction, gradients, binning.
* a team meets inside one nogil kernel (0.1 us a meeting): growing a tree.  One thread, the leader, opens a job of
  `n_chunks` chunks; everybody takes chunks from one atomic word until none is left; the leader waits for the chunks
  that others took. A thread that is late, or never comes, delays nobody: the leader can do all chunks alone.

What a worker of a pool asks for in either way it does itself: workers wait for nobody.

      team[TICKET] = job number << 40 | n_chunks << 20 | next chunk        one word, so that a ticket is never torn
      team[DONE]   = chunks of this job that are finished                  (on a cache line of its own)

Whoever draws a ticket with chunk < n_chunks holds that job open, so its description cannot change before
`finish_chunk`.
"""

import os
import platform
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
from llvmlite import ir
from numba import int32, types
from numba.core import cgutils
from numba.extending import intrinsic

from skensemble._jit import kernel

# -- how many threads ------------------------------------------------------------------------------------------------


def effective_n_jobs(n_jobs):
    """Threads to use for `n_jobs`: None is all that the surroundings leave us, negative counts from the number of
    cores.

    Inside a joblib worker "all" is what joblib leaves to each worker.
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


# -- the team --------------------------------------------------------------------------------------------------------

TICKET, DONE = 0, 8
TEAM_WORDS = 16
_FIELD = 20
_MASK = (1 << _FIELD) - 1
MAX_CHUNKS = _MASK >> 1


def new_team():
    """Shared words of a team, with no job open."""
    return np.zeros(TEAM_WORDS, np.int64)


@kernel
def open_job(team, n_chunks):
    """Leader: let everybody take chunks 0 .. n_chunks - 1 of the job that was just described."""
    job = (_load(team, TICKET) >> (2 * _FIELD)) + 1
    _store(team, DONE, 0)
    _store(team, TICKET, ((job & _MASK) << (2 * _FIELD)) | (n_chunks << _FIELD))


@kernel
def take_chunk(team):
    """Number of a chunk that nobody has taken, or -1."""
    ticket = _load(team, TICKET)
    if ticket < 0 or (ticket & _MASK) >= ((ticket >> _FIELD) & _MASK):
        return -1
    ticket = _add(team, TICKET, 1)  # perhaps of a later job than the one just seen: it counts all the same
    chunk = ticket & _MASK
    if ticket < 0 or chunk >= ((ticket >> _FIELD) & _MASK):
        return -1
    return chunk


@kernel
def finish_chunk(team):
    _add(team, DONE, 1)


@kernel
def wait_for_chunks(team, n_chunks):
    """Leader: wait until all chunks of the open job are finished, by whomever."""
    spins = 0
    while _load(team, DONE) < n_chunks:
        spins += 1
        relax(spins)


@kernel
def dismiss_team(team):
    """Leader: no more jobs; helpers leave."""
    _store(team, TICKET, -(1 << 62))


@kernel
def is_dismissed(team):
    return _load(team, TICKET) < 0


@kernel
def relax(spins):
    """Wait a moment: first on this core, then by letting other threads have it."""
    if spins & 1023:
        _pause()
    else:
        _yield()


_ON_X86 = platform.machine().lower() in ("x86_64", "amd64", "i686", "i386")


@intrinsic
def _pause(typing_context):
    def emit(context, builder, signature, args):
        if _ON_X86:
            function_type = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, function_type, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), emit


if sys.platform == "win32":
    _yield = _pause
else:
    _sched_yield = types.ExternalFunction("sched_yield", int32())

    @kernel
    def _yield():
        _sched_yield()


def _word(context, builder, array_type, array, index):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(builder.bitcast(data, ir.IntType(64).as_pointer()), [index])


@intrinsic
def _add(typing_context, array, index, value):
    """Add to `array[index]` (int64) and return what stood there before."""

    def emit(context, builder, signature, args):
        return builder.atomic_rmw(
            "add", _word(context, builder, signature.args[0], args[0], args[1]), args[2], "seq_cst"
        )

    return types.int64(array, types.int64, types.int64), emit


@intrinsic
def _load(typing_context, array, index):
    def emit(context, builder, signature, args):
        return builder.load_atomic(_word(context, builder, signature.args[0], args[0], args[1]), "seq_cst", 8)

    return types.int64(array, types.int64), emit


@intrinsic
def _store(typing_context, array, index, value):
    def emit(context, builder, signature, args):
        builder.store_atomic(args[2], _word(context, builder, signature.args[0], args[0], args[1]), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), emit
