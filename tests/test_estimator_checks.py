"""scikit-learn's own checks, of every public estimator at its defaults and in many configurations."""

import pytest
from sklearn.utils.estimator_checks import check_estimator

from skensemble._front_door import estimators
from skensemble.ensemble.newton._newton_boosting import NewtonBoostingClassifier, NewtonBoostingRegressor
from skensemble.ensemble.newton._newton_ranker import NewtonBoostingRanker
from skensemble.generative import (
    ContinuousNormalizingFlow,
    FlowMatching,
    MLPField,
    NeuralSplineFlow,
    RealNVP,
    ScoreSDE,
    TableEncoder,
    TreeField,
)
from skensemble.generative.diffusion import _flow_matching

FAST = {"n_estimators": 6, "learning_rate": 0.5, "grow_policy": "depthwise", "subsample": 1.0, "colsample_bylevel": 1.0}

FEW_TREES = TreeField(n_estimators=5, max_leaf_nodes=8, n_repeats=3)
FLOW = {"hidden_layer_sizes": (8,), "max_epochs": 3}

# Fewer rounds and steps; sizes of networks are the defaults, as matrix products have blocks and edges.
QUICK = {"n_estimators": 30, "n_steps": 2, "max_epochs": 1, "max_steps": 10, "regressor": FEW_TREES}
SMALL_FLOW = NeuralSplineFlow(n_layers=2, hidden_layer_sizes=(8,), max_epochs=1)  # larger ones have checks of their own
OF_THEIR_OWN = {"DensityOutlierDetector": {"estimator": SMALL_FLOW}, "AutoregressiveForest": {"n_estimators": 2}}


CONFIGURATIONS = {
    "classifier, best first": NewtonBoostingClassifier(
        **{**FAST, "grow_policy": "lossguide"}, max_leaf_nodes=6, max_depth=None
    ),
    "classifier, symmetric": NewtonBoostingClassifier(**{**FAST, "grow_policy": "symmetric"}, max_depth=3),
    "classifier, regularised": NewtonBoostingClassifier(
        **FAST, reg_alpha=0.1, gamma=0.01, max_delta_step=1.0, min_samples_leaf=2, max_bins=300
    ),
    "classifier, some features": NewtonBoostingClassifier(
        n_estimators=20, colsample_bytree=0.8, colsample_bylevel=0.8, colsample_bynode=0.8, random_strength=0.5
    ),
    "regressor, best first": NewtonBoostingRegressor(
        **{**FAST, "grow_policy": "lossguide"}, max_leaf_nodes=6, max_depth=None
    ),
    "regressor, symmetric": NewtonBoostingRegressor(**{**FAST, "grow_policy": "symmetric"}, max_depth=3),
    "regressor, regularised": NewtonBoostingRegressor(
        **FAST, reg_alpha=0.1, gamma=0.01, max_delta_step=1.0, min_samples_leaf=2, max_bins=None
    ),
    "regressor, a tree for all outputs": NewtonBoostingRegressor(**FAST, multi_strategy="multi_output_tree"),
    "absolute error": NewtonBoostingRegressor("absolute_error", **FAST),
    "huber": NewtonBoostingRegressor("huber", **FAST),
    "pseudo-huber": NewtonBoostingRegressor("pseudo_huber", **FAST),
    "median": NewtonBoostingRegressor("quantile", **FAST),
    "expectile": NewtonBoostingRegressor("expectile", **FAST, quantile=0.4),
    "warm start": NewtonBoostingRegressor(**FAST, warm_start=True),
    "classifier, subsample": NewtonBoostingClassifier(**{**FAST, "subsample": 0.9}, colsample_bytree=0.9),
    "regressor, subsample": NewtonBoostingRegressor(**{**FAST, "subsample": 0.9}, colsample_bytree=0.9),
    "classifier, early stopping": NewtonBoostingClassifier(**FAST, early_stopping=True),
    "regressor, early stopping": NewtonBoostingRegressor(**FAST, early_stopping=True),
    "seven threads": NewtonBoostingRegressor(**FAST, n_jobs=7),
    "classifier, linear": NewtonBoostingClassifier(booster="gblinear", n_estimators=30),
    "regressor, linear": NewtonBoostingRegressor(booster="gblinear", n_estimators=30),
    "regressor, linear, early stopping": NewtonBoostingRegressor(
        booster="gblinear", n_estimators=30, early_stopping=True, feature_selector="greedy", reg_alpha=0.1
    ),
    "classifier, linear leaves": NewtonBoostingClassifier(**FAST, linear_leaves=True),
    "regressor, linear leaves": NewtonBoostingRegressor(**FAST, linear_leaves=True),
    "regressor, linear leaves for all outputs": NewtonBoostingRegressor(
        **FAST, linear_leaves=True, multi_strategy="multi_output_tree"
    ),
    "ranker": NewtonBoostingRanker(n_estimators=30),
    "ranker, pairwise": NewtonBoostingRanker("rank:pairwise", **FAST),
    "ranker, map": NewtonBoostingRanker("rank:map", **FAST),
    "ranker, early stopping": NewtonBoostingRanker(**FAST, early_stopping=True),
    "classifier, dart": NewtonBoostingClassifier(**FAST, booster="dart", rate_drop=0.3),
    "regressor, dart": NewtonBoostingRegressor(
        **FAST, booster="dart", rate_drop=0.5, sample_type="weighted", normalize_type="forest", num_parallel_tree=2
    ),
    "classifier, trees in parallel": NewtonBoostingClassifier(**{**FAST, "subsample": 0.9}, num_parallel_tree=3),
    "regressor, trees in parallel": NewtonBoostingRegressor(**{**FAST, "subsample": 0.9}, num_parallel_tree=3),
    "score SDE": ScoreSDE(sde="ve", regressor=FEW_TREES, mask_share=0.5),
    "flow matching, pairs": FlowMatching(pairing="optimal", regressor=FEW_TREES),
    "flow matching, network": FlowMatching(regressor=MLPField(hidden_layer_sizes=(8,), max_steps=10)),
    "RealNVP, a column given": RealNVP(n_layers=2, max_epochs=1, condition_columns=[0]),
    "RealNVP, no early stopping": RealNVP(n_layers=2, max_epochs=1, early_stopping=False, base="student_t"),
    "continuous flow, likelihood": ContinuousNormalizingFlow(**FLOW, n_steps=2, training="likelihood"),
    "table encoder, quantiles": TableEncoder(numeric="quantile"),
}

# The rows with the largest gradients are a share of the number of rows: 2 copies are 2 rows, a row of weight 2 is one.
COUNTS_ROWS = dict.fromkeys(
    ("check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"),
    "a share of the number of rows",
)
# Weights that are not whole are rounded: 4/3 three times is not quite 4, and on the check's 15 rows many splits tie.
NOT_WHOLE = dict.fromkeys(COUNTS_ROWS, "weights of classes are not whole")
# The check's target is negative, whatever the tags say.
POSITIVE_ONLY = {"check_regressor_multioutput": "needs a target that is not negative"}
# The checks' regressors have one prediction for each row.
SEVERAL_LEVELS = dict.fromkeys(
    ("check_regressors_train", "check_estimator_sparse_array", "check_estimator_sparse_matrix"),
    "predicts a column for each level",
)

CONFIGURATIONS_WITH_REASONS = {
    "classifier, GOSS": (NewtonBoostingClassifier(**{**FAST, "subsample": 0.6}, sampling_method="goss"), COUNTS_ROWS),
    "regressor, GOSS": (NewtonBoostingRegressor(**{**FAST, "subsample": 0.6}, sampling_method="goss"), COUNTS_ROWS),
    "classifier, balanced": (NewtonBoostingClassifier(**FAST, class_weight="balanced"), NOT_WHOLE),
    "poisson": (NewtonBoostingRegressor("poisson", **FAST), POSITIVE_ONLY),
    "gamma": (NewtonBoostingRegressor("gamma", **FAST), POSITIVE_ONLY),
    "tweedie": (NewtonBoostingRegressor("tweedie", **FAST), POSITIVE_ONLY),
    "two quantiles": (NewtonBoostingRegressor("quantile", **FAST, quantile=[0.2, 0.8]), SEVERAL_LEVELS),
}

NEED_A_SETTING_OR_A_METHOD = {"check_array_api_input", "check_classifiers_multilabel_output_format_decision_function"}


# Class weights of 1000 and 0.0001 leave nothing to learn, and Newton boosting says so.
pytestmark = pytest.mark.filterwarnings("ignore:min_child_weight=0.01 lets no split pass")


def _failures(estimator, reasons):
    """Texts of all checks that neither pass nor have a reason not to."""
    results = check_estimator(estimator, on_fail=None, on_skip=None, expected_failed_checks=reasons)
    assert len(results) > 40  # 49 for what is neither a classifier nor a regressor
    return [
        f"{result['check_name']} {result['status']}: {result['exception']}"
        for result in results
        if result["status"] not in ("passed", "xfail")
        and not (result["status"] == "skipped" and result["check_name"] in NEED_A_SETTING_OR_A_METHOD)
    ]


@pytest.mark.parametrize("name", estimators())
def test_every_public_estimator_passes_every_check(name, monkeypatch):
    monkeypatch.setattr(_flow_matching, "PAIRS", 400)  # what a flow is straightened by, instead of thousands
    model = estimators()[name]()
    settings = QUICK | OF_THEIR_OWN.get(name, {})
    model.set_params(**{name: value for name, value in settings.items() if name in model.get_params()})
    assert _failures(model, {}) == []


# A hardly trained network is a stiff equation, which the solver follows in many steps from many places in each box; and
# a hundred fits pair six thousand rows with noise each.
SLOW = {"flow matching, network", "flow matching, pairs"}
CASES = [
    pytest.param(CONFIGURATIONS[name], id=name, marks=[pytest.mark.slow] * (name in SLOW)) for name in CONFIGURATIONS
]


@pytest.mark.parametrize("estimator", CASES)
def test_estimator_passes_every_check(estimator):
    assert _failures(estimator, {}) == []


@pytest.mark.parametrize(
    ("estimator", "reasons"), CONFIGURATIONS_WITH_REASONS.values(), ids=CONFIGURATIONS_WITH_REASONS
)
def test_estimator_passes_every_check_that_applies(estimator, reasons):
    assert _failures(estimator, reasons) == []
