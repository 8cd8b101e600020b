"""The estimators without what their defaults draw at random: for tests that compare models."""

from skensemble import NewtonBoostingClassifier, NewtonBoostingRegressor

# Nothing is drawn, and no default of the estimators matters.
PLAIN = {
    "n_estimators": 300,
    "linear_leaves": False,
    "grow_policy": "depthwise",
    "learning_rate": 0.1,
    "min_child_weight": 1.0,
    "reg_lambda": 1.0,
    "max_cat_threshold": 64,
    "subsample": 1.0,
    "colsample_bylevel": 1.0,
}


def classifier(*arguments, **parameters):
    return NewtonBoostingClassifier(*arguments, **{**PLAIN, **parameters})


def regressor(*arguments, **parameters):
    return NewtonBoostingRegressor(*arguments, **{**PLAIN, **parameters})


ESTIMATORS = [classifier, regressor]
