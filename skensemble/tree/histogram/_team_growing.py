"""A tree is grown by one thread, or by a team of them if it is worth it."""

import math
import weakref

import numpy as np

from skensemble._parallel import helper_pool, threads_here
from skensemble._team import dismiss_team
from skensemble.tree.histogram._given_arrays import give_back
from skensemble.tree.histogram._growing import grow_nodes

TEAM_WORK = 50_000  # rows x features of a tree below which two cores would only exchange cache lines
STAY_ROWS = 65_536  # rows; larger trees take so long that helpers may come anew, and leave other work its cores


def is_worth_a_team(n_cells):
    """Is a tree on so many rows x features grown faster by several threads?"""
    return n_cells >= TEAM_WORK


def team_size(n_cells, n_threads):
    """How many of `n_threads` threads grow a tree on so many rows x columns of codes fastest.

    Work is shared, and each thread adds a message to every job: a / n + b n is least at n = sqrt(a / b).
    """
    return min(threads_here(n_threads), math.isqrt(4 * n_cells // TEAM_WORK)) if is_worth_a_team(n_cells) else 1


class Team:
    """The helpers that grow trees in one state together with the thread that asks for the trees.

    Helpers of small trees stay until the next one: to come takes them about as long as five splits.  One that waits
    for long leaves by itself (`_team.PATIENCE`); all leave when the team is dismissed, or forgotten.

    state : GrowthState
    words : of the state, by which leader and helpers meet
    """

    def __init__(self, state, words):
        self._state, self._words, self._helpers = state, words, []
        weakref.finalize(self, _disband, self._state, self._words, self._helpers)

    def grow_tree(self, n_rows, n_active, n_threads, seed, first_output, targets, leaf_of_row, rows_by_leaf):
        """Grow one tree on rows[0, :n_rows] and features[:n_active] of the state; returns its number of nodes.

        `rows` and `features` need not be written if all of them take part.
        first_output : row of `gradient` and `hessian` that the tree's first output is about
        targets : Targets
        leaf_of_row : (n_samples,) int32; the leaf of each row that grows the tree is written there
        rows_by_leaf : (n_rows,) uint32; the rows that grow the tree are written there, leaf by leaf
        """
        arguments = n_rows, n_active, n_threads, seed, first_output, *targets, leaf_of_row, rows_by_leaf
        if n_threads > 1:
            self._gather(n_threads, arguments)
        try:
            n_nodes = grow_nodes(0, *arguments, self._state)
        except BaseException:
            self.dismiss()
            raise
        if n_rows > STAY_ROWS:
            self.dismiss()
        return n_nodes

    def dismiss(self):
        """Send the helpers away, and wait until they have gone."""
        _dismiss(self._words, self._helpers)

    def _gather(self, n_threads, arguments):
        """Have all helpers here, or on their way.

        arguments : of the leader; helpers get others of the same types
        """
        if len(self._helpers) == n_threads - 1 and not any(helper.done() for helper in self._helpers):
            return
        self.dismiss()
        self._words[:] = 0
        pool, arguments = helper_pool(n_threads - 1), [_nothing_like(argument) for argument in arguments]
        self._helpers += [pool.submit(grow_nodes, lane, *arguments, self._state) for lane in range(1, n_threads)]


def _nothing_like(argument):
    """An empty array of the type that a kernel sees; numbers as they are."""
    if not isinstance(argument, np.ndarray):
        return argument
    nothing = np.empty((0,) * argument.ndim, argument.dtype)
    nothing.flags.writeable = argument.flags.writeable
    return nothing


def _disband(state, words, helpers):
    """Dismiss the team for good."""
    _dismiss(words, helpers)
    give_back(state)


def _dismiss(words, helpers):
    if helpers:
        dismiss_team(words, len(helpers) + 1)
        for helper in helpers:
            helper.cancel() or helper.result()  # helpers that have not started are cancelled, the others waited for
        helpers.clear()
