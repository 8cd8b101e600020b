"""scikit-learn's own checks, in many configurations of every estimator."""

import pytest
from sklearn.utils.estimator_checks import check_estimator

from skensemble import NewtonBoostingClassifier, NewtonBoostingRegressor

FAST = {"n_estimators": 6, "learning_rate": 0.5, "grow_policy": "depthwise", "subsample": 1.0, "colsample_bylevel": 1.0}

CONFIGURATIONS = {
    "classifier": NewtonBoostingClassifier(),
    "classifier, best first": NewtonBoostingClassifier(
        **{**FAST, "grow_policy": "lossguide"}, max_leaf_nodes=6, max_depth=None
    ),
    "classifier, symmetric": NewtonBoostingClassifier(**{**FAST, "grow_policy": "symmetric"}, max_depth=3),
    "classifier, regularised": NewtonBoostingClassifier(
        **FAST, reg_alpha=0.1, gamma=0.01, max_delta_step=1.0, min_samples_leaf=2, max_bins=300
    ),
    "classifier, some features": NewtonBoostingClassifier(
        n_estimators=20, colsample_bytree=0.8, colsample_bylevel=0.8, colsample_bynode=0.8
    ),
    "regressor": NewtonBoostingRegressor(),
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

NEEDS_A_SETTING_OF_SCIPY = {"check_array_api_input"}


def _failures(estimator, reasons):
    """Texts of all checks that neither pass nor have a reason not to."""
    results = check_estimator(estimator, on_fail=None, on_skip=None, expected_failed_checks=reasons)
    assert len(results) > 50
    return [
        f"{result['check_name']} {result['status']}: {result['exception']}"
        for result in results
        if result["status"] not in ("passed", "xfail")
        and not (result["status"] == "skipped" and result["check_name"] in NEEDS_A_SETTING_OF_SCIPY)
    ]


@pytest.mark.parametrize("estimator", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_estimator_passes_every_check(estimator):
    assert _failures(estimator, {}) == []


@pytest.mark.parametrize(
    ("estimator", "reasons"), CONFIGURATIONS_WITH_REASONS.values(), ids=CONFIGURATIONS_WITH_REASONS
)
def test_estimator_passes_every_check_that_applies(estimator, reasons):
    assert _failures(estimator, reasons) == []
