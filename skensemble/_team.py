"""Kernels: how a team of threads shares work inside one kernel.

One thread, the leader, opens a job of `n_chunks` chunks, cut into lanes, one for each thread or one for all; everybody
takes the chunks of the own lane, then those that are left in the others; the leader waits for the chunks that others
took.  A thread that is late, or never comes, delays nobody: the leader can do all chunks alone.  A thread's lane has
the same share of the work in each job, so that what it wrote in one job is in its core's cache in the next.

      team[lane's word] = job number << 40 | end of the lane << 20 | next chunk     one word, so that it is never torn
      team[DONE]        = chunks of this job that are finished

Whoever draws a ticket with a chunk before the lane's end holds that job open, so its description cannot change before
`finish_chunk`.  The words are zero while no job has been opened.  Each has a pair of cache lines to itself, 128 bytes
from its neighbours and from whatever stands in memory beside them: helpers that wait read the words all the time, and
to write to a line that another core reads takes as long as to fetch it from there.
"""

import platform
import sys

from llvmlite import ir
from numba import int32, types
from numba.core import cgutils
from numba.extending import intrinsic

from skensemble._jit import kernel

APART = 16  # words
DONE, FIRST_LANE = APART, 2 * APART
_FIELD = 20
_MASK = (1 << _FIELD) - 1
MAX_CHUNKS = _MASK >> 1
# empty looks for work, some 10 ms, after which a helper leaves: its leader has lost its core, or rests
PATIENCE = 300_000


def team_words(n_lanes):
    """Number of words of a team."""
    return FIRST_LANE + APART * (n_lanes + 1)


@kernel
def open_job(team, n_chunks, n_lanes):
    """Leader: let everybody take chunks 0 .. n_chunks - 1 of the job that was just described.

    Lane k has those from n_chunks * k // n_lanes on.
    """
    job = ((_load(team, FIRST_LANE) >> (2 * _FIELD)) + 1) & _MASK
    _store(team, DONE, 0)
    for lane in range(n_lanes):
        first, end = n_chunks * lane // n_lanes, n_chunks * (lane + 1) // n_lanes
        _store(team, FIRST_LANE + APART * lane, (job << (2 * _FIELD)) | (end << _FIELD) | first)


@kernel
def take_chunk(team, own_lane, n_lanes):
    """Number of a chunk that nobody has taken, of the own lane while there is one, or -1."""
    for k in range(n_lanes):
        lane = own_lane + k - (n_lanes if own_lane + k >= n_lanes else 0)
        word = FIRST_LANE + APART * lane
        ticket = _load(team, word)
        if ticket >= 0 and (ticket & _MASK) < ((ticket >> _FIELD) & _MASK):
            ticket = _add(team, word, 1)  # perhaps of a later job than the one just seen: it counts all the same
            chunk = ticket & _MASK
            if ticket >= 0 and chunk < ((ticket >> _FIELD) & _MASK):
                return chunk
    return -1


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
def dismiss_team(team, n_lanes):
    """Leader: no more jobs; helpers leave."""
    for lane in range(n_lanes):
        _store(team, FIRST_LANE + APART * lane, -(1 << 62))


@kernel
def is_dismissed(team):
    return _load(team, FIRST_LANE) < 0


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
