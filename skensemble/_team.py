"""Kernels: how a team of threads shares work inside one kernel.

One thread, the leader, opens a job of `n_chunks` chunks; everybody takes chunks from one atomic word until none is
left; the leader waits for the chunks that others took.  A thread that is late, or never comes, delays nobody: the
leader can do all chunks alone.  The words of a team are zero while no job has been opened.

      team[TICKET] = job number << 40 | n_chunks << 20 | next chunk        one word, so that a ticket is never torn
      team[DONE]   = chunks of this job that are finished                  (on a cache line of its own)

Whoever draws a ticket with chunk < n_chunks holds that job open, so its description cannot change before
`finish_chunk`.
"""

import platform
import sys

from llvmlite import ir
from numba import int32, types
from numba.core import cgutils
from numba.extending import intrinsic

from skensemble._jit import kernel

TICKET, DONE = 0, 8
TEAM_WORDS = 16
_FIELD = 20
_MASK = (1 << _FIELD) - 1
MAX_CHUNKS = _MASK >> 1
PATIENCE = 2_000_000  # empty looks for work, after which a helper leaves: its leader must have lost its core


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
    """Leader: wait until all chunks of the open job are finished, no matter by which thread."""
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
