"""A tree is grown by one thread, or by a team of them if it is worth it."""

from skensemble._parallel import thread_pool, threads_here
from skensemble._team import dismiss_team
from skensemble.tree.histogram._growing import grow_nodes, help_growing

TEAM_WORK = 1_000_000  # rows x features of a tree below which cores would only exchange cache lines


def is_worth_a_team(n_cells):
    """Is a tree on so many rows x features grown faster by several threads?"""
    return n_cells >= TEAM_WORK


def grow_tree(n_rows, n_active, n_threads, seed, first_output, targets, leaf_of_row, state, arrays):
    """Grow one tree on rows[0, :n_rows] and features[:n_active]; it is left in `state`, its number of nodes returned.

    `rows` and `features` need not be written if all of them take part.
    first_output : row of `gradient` and `hessian` that the tree's first output is about
    targets : Targets
    leaf_of_row : (n_samples,) int32; the leaf of each row that grows the tree is written there
    """
    n_threads = threads_here(n_threads)
    if n_threads == 1 or not is_worth_a_team(n_rows * n_active):
        return grow_nodes(n_rows, n_active, 1, seed, first_output, *targets, leaf_of_row, state)
    team = arrays["team"]
    team[:] = 0
    pool = thread_pool(n_threads - 1)
    helpers = [pool.submit(help_growing, state) for _ in range(n_threads - 1)]
    try:
        return grow_nodes(n_rows, n_active, n_threads, seed, first_output, *targets, leaf_of_row, state)
    finally:
        dismiss_team(team)
        for helper in helpers:
            helper.cancel() or helper.result()  # helpers that have not started are cancelled, the others waited for
