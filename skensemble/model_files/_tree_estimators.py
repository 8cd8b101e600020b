"""Kinds of the estimators that are trees or made of trees: which attributes of a fitted one are stored."""

import numpy as np

from skensemble._parameters import Matches
from skensemble.ensemble.adaboost._adaboost_algorithms import ALGORITHMS
from skensemble.ensemble.adaboost._weak_learners import FittedEstimators, GrownTrees
from skensemble.ensemble.newton._dart import DartTrees
from skensemble.ensemble.newton._gradient_trees import GradientTrees
from skensemble.ensemble.newton._linear_booster import LinearBooster
from skensemble.ensemble.newton._linear_columns import ColumnEncoder
from skensemble.ensemble.newton._linear_leaves import LinearLeafTrees
from skensemble.ensemble.rows._bootstrap import Bootstrap
from skensemble.model_files._kinds import EstimatorKind, require
from skensemble.model_files._rules import ANYTHING, FLAG, Array, Maybe, Number, Of, Value, Whole
from skensemble.model_files._tree_kinds import LOSS_CLASSES
from skensemble.tree._binning import Binner
from skensemble.tree.estimators._tree_structure import TreeStructure
from skensemble.tree.trees._tree_arrays import TreeArrays

SEED = Whole(0, 2**63 - 1)
ROUNDING = 1e-9  # of shares
SCORES = Array("f8", None)
STARTS = Value(Matches(lambda value: isinstance(value, str) or hasattr(value, "predict"), "'zero' or an estimator"))
CLASSES = {"classes_": ANYTHING, "n_classes_": ANYTHING}  # an array and a number, or lists of them for several targets

# -- decision trees --------------------------------------------------------------------------------------------------


def _check_classes(model, trees):
    """Classes of each output, as many as nodes have values, which are their shares."""
    n_values = trees.n_values
    classes = [model.classes_] if model.n_outputs_ == 1 else model.classes_
    counts = np.atleast_1d(model.n_classes_)
    require(all(isinstance(each, np.ndarray) and each.ndim == 1 for each in classes), "classes_ must be arrays")
    require([len(each) for each in classes] == counts.tolist(), "n_classes_ must be the numbers of classes_")
    require(counts.sum() == n_values, f"there must be {n_values} classes, as nodes have values, got {counts.sum()}")
    _check_shares(trees)


def _check_shares(trees):
    low, high = trees.values.min(initial=0.0), trees.values.max(initial=0.0)
    require(low >= 0.0 and high <= 1.0 + ROUNDING, f"shares of classes must be in [0, 1], got {low} to {high}")


def _check_outputs(model, trees):
    if hasattr(model, "classes_"):
        _check_classes(model, trees)
    else:
        require(model.n_outputs_ == trees.n_values, f"n_outputs_ must be {trees.n_values}, as nodes have values")


def _check_columns(model, binner):
    n_features = len(binner.is_categorical_)
    require(model.n_features_in_ == n_features, f"n_features_in_ must be {n_features}, as the encoder has features")


def _check_tree(model):
    _check_columns(model, model.tree_.binner)
    _check_outputs(model, model.tree_.trees)


_TREE = {"tree_": Of(TreeStructure), "max_features_": Whole(1), "n_outputs_": Whole(1)}
TREE_KINDS = [
    EstimatorKind(f"{kind}Tree{task}", _TREE | (CLASSES if task == "Classifier" else {}), check=_check_tree)
    for kind in ("Decision", "Extra")
    for task in ("Classifier", "Regressor")
]

# -- forests ---------------------------------------------------------------------------------------------------------


def _check_forest(model):
    trees = model._trees
    _check_columns(model, model._binner)
    _check_outputs(model, trees)
    require(trees.n_trees > 0 and len(trees.cover) == trees.n_nodes, "there must be trees, with covers")
    if getattr(model, "_bootstrap", None) is not None:
        require(model._bootstrap.n_samples == model._n_samples, "_bootstrap must draw from _n_samples samples")
    if getattr(model, "_sample_weight", None) is not None:
        require(len(model._sample_weight) == model._n_samples, "_sample_weight must have _n_samples weights")
    if hasattr(model, "training_leaves_"):
        require(all(hasattr(model, name) for name in _OF_DRAWS), f"there must be {', '.join(_OF_DRAWS)}")
        leaves, sizes = model.training_leaves_, np.diff(trees.bounds)
        require(leaves.shape == (trees.n_trees, model._n_samples), "training_leaves_ must be those of all samples")
        shape = model.n_outputs_, model._n_samples
        require(model._training_target.shape == shape, f"_training_target must have shape {shape}")
        require((leaves < sizes[:, None]).all(), "training_leaves_ must be nodes of the trees")


_FOREST = {"_trees": Of(TreeArrays), "_binner": Of(Binner), "n_outputs_": Whole(1), "_seed": SEED}
_OF_DRAWS = {
    "_n_samples": Whole(1, 2**31),
    "_sample_weight": Maybe(Array("f8", None, low=0.0, finite=True)),
    "_n_samples_bootstrap": Maybe(Whole(1)),
    "_bootstrap": Maybe(Of(Bootstrap)),
}
_OF_LEAF_ROWS = {
    "training_leaves_": Array("i4", "trees", "rows", low=0),
    "_training_target": Array("f8", "outputs", "rows", finite=True),
    "_directions": Maybe(Array("i8", "features", low=-1, high=1)),
}
_OUT_OF_BAG = dict.fromkeys(("oob_score_", "oob_decision_function_", "oob_prediction_"), ANYTHING)
_IMPORTANCES = {"_permutation_importances": Array("f8", "features")}
_SEARCHED = {"max_features_": Whole(1), "min_samples_leaf_": Whole(1), "search_results_": ANYTHING}
FOREST_KINDS = [
    EstimatorKind(
        f"{kind}{task}",
        _FOREST | (CLASSES if task == "Classifier" else {}),
        _OF_DRAWS | _OF_LEAF_ROWS | _OUT_OF_BAG | _IMPORTANCES | _SEARCHED,
        check=_check_forest,
    )
    for kind in ("RandomForest", "ExtraTrees")
    for task in ("Classifier", "Regressor")
]

# -- boosting --------------------------------------------------------------------------------------------------------


def _check_labels(model, n_outputs):
    """One class, two for a single output, or one for each output."""
    if hasattr(model, "classes_"):
        classes = model.classes_
        require(isinstance(classes, np.ndarray) and classes.ndim == 1, "classes_ must be an array")
        allowed = (1, 2) if n_outputs == 1 else (n_outputs,)
        require(len(classes) in allowed, f"classes_ must fit {n_outputs} outputs, got {len(classes)} classes")


def _check_newton(model):
    n_outputs = len(model._booster.baseline)
    _check_columns(model, model._booster.binner)
    require(model._loss.n_outputs == n_outputs, f"the loss must have {n_outputs} outputs, as the model has")
    _check_labels(model, n_outputs)


_NEWTON = {
    "_booster": Of(GradientTrees, DartTrees, LinearLeafTrees, LinearBooster),
    "_loss": Of(*LOSS_CLASSES),
}
_OF_ROUNDS = {
    "_kind_of_rounds": ANYTHING,
    "_seed": SEED,
    "_binner": Of(Binner, ColumnEncoder),
    "_chosen": ANYTHING,
    "_target_shape": ANYTHING,
    "train_score_": SCORES,
    "validation_score_": SCORES,
    "learning_rate_": Number(0.0),
    "_learning_rate": Number(0.0),
    "temperature_": Number(0.0),
    "cv_results_": ANYTHING,
}
_TRAINING_ROUNDS = (
    "_kind_of_rounds",
    "_seed",
    "_binner",
    "_chosen",
    "train_score_",
    "validation_score_",
    "cv_results_",
)
NEWTON_KINDS = [
    EstimatorKind(
        f"NewtonBoosting{task}", _NEWTON | ({"classes_": ANYTHING} if task == "Classifier" else {}), _OF_ROUNDS,
        training=_TRAINING_ROUNDS, check=_check_newton,
    )
    for task in ("Classifier", "Regressor", "Ranker")
]  # fmt: skip


def _check_gradient(model):
    n_outputs, trees = model._loss.n_outputs, model._trees
    _check_columns(model, model._binner)
    _check_labels(model, n_outputs)
    require(model._baseline.shape == (n_outputs,), f"_baseline must have {n_outputs} outputs, as the loss has")
    require(trees.n_trees == len(model._rates), f"_rates must be those of {trees.n_trees} trees")
    require(trees.n_trees % n_outputs == 0, f"the number of trees must be a multiple of {n_outputs}")
    require(len(trees.cover) == trees.n_nodes, "trees must have covers")


_GRADIENT = {
    "_trees": Of(TreeArrays),
    "_rates": Array("f8", "trees", finite=True),
    "_binner": Of(Binner),
    "_loss": Of(*LOSS_CLASSES),
    "_baseline": Array("f8", None, finite=True),
    "_starts_from_estimator": FLAG,
    "init_": STARTS,
    "max_features_": Whole(1),
}
_OF_GRADIENT_ROUNDS = {
    "_seed": SEED,
    "_batches": ANYTHING,
    "train_score_": SCORES,
    "oob_scores_": SCORES,
    "oob_improvement_": SCORES,
    "oob_score_": ANYTHING,
    "cv_results_": ANYTHING,
}
GRADIENT_KINDS = [
    EstimatorKind(
        f"GradientBoosting{task}", _GRADIENT | (CLASSES if task == "Classifier" else {}), _OF_GRADIENT_ROUNDS,
        training=_OF_GRADIENT_ROUNDS, check=_check_gradient,
    )
    for task in ("Classifier", "Regressor")
]  # fmt: skip

# -- AdaBoost --------------------------------------------------------------------------------------------------------


def _check_adaboost(model):
    members, weights = model._members, model.estimator_weights_
    if isinstance(members, GrownTrees):
        require(model._takes_tables, "_takes_tables must be true for trees")
        _check_columns(model, members.binner)
        if members.task != "numbers":
            _check_shares(members.trees)
    else:
        require(not model._takes_tables, "_takes_tables must be false for learners that are no trees of their own")
        _check_learners(model, members)
    each = model._algorithm.members_per_round if hasattr(model, "_algorithm") else 1
    require(len(members) == each * len(weights) > 0, f"there must be {each} learners for each of {len(weights)} rounds")
    if hasattr(model, "classes_"):
        _check_labels(model, model._algorithm.n_columns)
    if hasattr(model, "_algorithm"):
        model._add_up(members, weights)


def _check_learners(model, members):
    """Each learner tells some of the classes of the model apart."""
    if members.classes is None:
        return
    require(np.array_equal(members.classes, model.classes_), "the classes of learners must be classes_")
    for learner in members.estimators:
        require(np.isin(learner.classes_, model.classes_).all(), "classes of a learner must be among classes_")


_ADABOOST = {
    "_members": Of(GrownTrees, FittedEstimators),
    "estimator_": ANYTHING,
    "_takes_tables": FLAG,
    "estimator_weights_": Array("f8", "rounds", low=0.0, finite=True),
    "estimator_errors_": Array("f8", "rounds"),
}
_OF_ADABOOST_ROUNDS = {"_seed": SEED, "_n_draws": Number(0.0), "validation_score_": SCORES}
ADABOOST_KINDS = [
    EstimatorKind(
        f"AdaBoost{task}",
        _ADABOOST | (CLASSES | {"_algorithm": Of(*ALGORITHMS.values())} if task == "Classifier" else {}),
        _OF_ADABOOST_ROUNDS, training=_OF_ADABOOST_ROUNDS, check=_check_adaboost,
    )
    for task in ("Classifier", "Regressor")
]  # fmt: skip

KINDS = [*TREE_KINDS, *FOREST_KINDS, *NEWTON_KINDS, *GRADIENT_KINDS, *ADABOOST_KINDS]
