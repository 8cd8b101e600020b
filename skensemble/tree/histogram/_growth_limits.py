"""Limits on the growth of boosted trees: the record that the engine reads.

Its fields are fields of a GrowthState, too.  The parameters by which users set limits stand in `_growth_parameters.py`.
"""

from typing import NamedTuple

from skensemble.tree._state_table import NO_LIMIT

DEPTH_FIRST, BREADTH_FIRST, BEST_FIRST, SYMMETRIC = 0, 1, 2, 3


class GrowthLimits(NamedTuple):
    """What bounds a boosted tree, its splits and the values of its leaves.

    The defaults are the weakest limits, except for categories.
    """

    policy: int = BREADTH_FIRST  # DEPTH_FIRST, BREADTH_FIRST, BEST_FIRST or SYMMETRIC
    max_depth: int = NO_LIMIT
    max_leaf_nodes: int = NO_LIMIT
    min_samples_leaf: int = 1
    min_child_weight: float = 0.0
    reg_lambda: float = 0.0
    reg_alpha: float = 0.0
    gamma: float = 0.0
    max_delta_step: float = 0.0  # 0: no limit
    max_cat_to_onehot: int = 4
    max_cat_threshold: int = 64
    cat_smooth: float = 10.0  # added to the hessian of a category when categories are sorted; the default is LightGBM's
    cat_l2: float = 10.0  # added to reg_lambda for a split of sorted categories (LightGBM's), more for many levels
    colsample_bylevel: float = 1.0
    colsample_bynode: float = 1.0
    random_strength: float = 0.0
