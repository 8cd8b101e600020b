"""What is done in each round of trees: the estimator's parameters, read and checked against each other."""

from dataclasses import dataclass

import numpy as np

from skensemble._feature_positions import feature_positions
from skensemble._random_bits import mixed_seed
from skensemble._targets import read_monotonic_cst
from skensemble._weights import is_whole
from skensemble.tree.histogram._growth_limits import BEST_FIRST, BREADTH_FIRST, DEPTH_FIRST, SYMMETRIC, GrowthLimits
from skensemble.tree.histogram._growth_parameters import read_limits

ROUNDS_STREAM = 1  # of the estimator's seed; 0 is that of the held-out rows


@dataclass(frozen=True)
class BoostingSettings:
    """What is done in each round of trees."""

    learning_rate: float
    vector: bool  # one tree for all outputs
    subsample: float
    goss: bool
    colsample_bytree: float
    limits: GrowthLimits
    monotone: np.ndarray
    interactions: np.ndarray
    seed: int
    n_threads: int
    n_parallel: int = 1  # trees for each output, which are averaged

    def equals(self, other):
        """Is the same done in each round?"""
        pairs = [(value, getattr(other, name)) for name, value in vars(self).items()]
        return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


def read_settings(request, vector):
    """BoostingSettings from a FitRequest; `vector`: whether leaves hold a value for each output."""
    parameters, train = request.parameters, request.train
    monotone = read_monotonic_cst(parameters.monotonic_cst, request.features, train.binned.is_categorical)
    if vector and monotone.any():
        raise ValueError(
            "monotonic_cst needs multi_strategy='one_output_per_tree': a leaf with several values has no order, "
            "got 'multi_output_tree'."
        )
    return BoostingSettings(
        learning_rate=learning_rate_of(parameters.learning_rate, train),
        vector=vector,
        subsample=float(parameters.subsample),
        goss=parameters.sampling_method == "goss",
        colsample_bytree=float(parameters.colsample_bytree),
        limits=limits_of(parameters, request.loss),
        monotone=monotone,
        interactions=_interaction_groups(parameters.interaction_cst, request.features, len(monotone)),
        seed=mixed_seed(request.seed, ROUNDS_STREAM),
        n_threads=request.n_threads,
        n_parallel=int(parameters.num_parallel_tree),
    )


def learning_rate_of(learning_rate, train):
    """The number that the parameter stands for."""
    if learning_rate != "auto":
        return float(learning_rate)
    n_rows = train.y.shape[-1] if train.weight is None else np.count_nonzero(train.weight)
    if train.weight is not None and is_whole(train.weight):
        n_rows = train.weight.sum()
    return float(np.clip(0.06 * (n_rows / 1000) ** 0.25, 0.05, 0.12))


def limits_of(parameters, loss):
    """GrowthLimits of an estimator's parameters."""
    policy = {"lossguide": BEST_FIRST, "symmetric": SYMMETRIC}.get(parameters.grow_policy, DEPTH_FIRST)
    step = parameters.max_delta_step
    others = {"max_delta_step": loss.max_delta_step if step == "auto" else float(step)}
    if policy == SYMMETRIC:
        return read_limits(parameters, policy=policy, max_depth=_symmetric_depth(parameters), **others)
    if policy == DEPTH_FIRST and parameters.max_leaf_nodes is not None:
        policy = BREADTH_FIRST
    return read_limits(parameters, policy=policy, **others)


def _symmetric_depth(parameters):
    depth = parameters.max_depth
    if depth is None or depth > 16:
        raise ValueError(f"max_depth must be an int in [1, 16] for grow_policy='symmetric', got {depth!r}.")
    if parameters.max_leaf_nodes is not None:
        return min(int(depth), int(parameters.max_leaf_nodes).bit_length() - 1)
    return int(depth)


def _interaction_groups(interaction_cst, features, n_features):
    """(n_groups, n_features) bool; features in no group form one of their own."""
    if interaction_cst is None:
        return np.zeros((0, n_features), bool)
    if isinstance(interaction_cst, str):
        if interaction_cst == "no_interactions":
            return np.eye(n_features, dtype=bool)
        groups = [(i, j) for i in range(n_features) for j in range(i + 1, n_features)] or [(0,)]
    else:
        groups = [feature_positions(_as_list(group), features, "interaction_cst") for group in interaction_cst]
    mask = np.zeros((len(groups), n_features), bool)
    for group, members in zip(mask, groups):
        group[list(members)] = True
    rest = ~mask.any(axis=0)
    return np.vstack([mask, rest]) if rest.any() else mask


def _as_list(group):
    return sorted(group) if isinstance(group, (set, frozenset)) else group
