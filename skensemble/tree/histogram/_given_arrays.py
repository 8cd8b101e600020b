"""Kernel: a state gives back the arrays that it was given for a tree."""

import numpy as np

from skensemble._jit import kernel


@kernel
def give_back(state):
    """Drop the references to the arrays of the last tree: Numba does not destroy a state, which Python made.

    What takes their place has no owner, since Python owns the memory of the state.
    """
    nothing = state.rows[:0]
    state.gradient, state.hessian = nothing.view(np.float32), nothing.view(np.float32)
    state.weight = state.fine_gradient[:0]
    state.leaf_of_row, state.rows_by_leaf = state.rows[0][:0].view(np.int32), state.rows[0][:0]
