"""The unit of the target does not matter: amounts in dollars and in billions of dollars make the same trees."""

import numpy as np
import pytest

from skensemble._front_door import estimators
from skensemble.ensemble.losses._losses import LOSSES, make_loss, offered_losses

REGRESSORS = [name for name in estimators() if name.endswith("Regressor")]
UNITS = (2.0**-30, 2.0**30, 2.0**-100)  # powers of two: every product is exact


def _table(n=300):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    return X, np.round(2.0 * X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=n), 3)


def _fitted(name, y, **parameters):
    estimator = estimators()[name]
    rounds = {"n_estimators": 10} if "n_estimators" in estimator().get_params() else {}
    if name == "NewtonBoostingRegressor":  # rows and columns are drawn by what the targets are
        rounds |= {"subsample": 1.0, "colsample_bylevel": 1.0}
    return estimator(random_state=0, **rounds, **parameters).fit(_table(len(y))[0], y)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", REGRESSORS)
def test_unit_of_the_target_is_that_of_the_predictions(name, unit):
    X, y = _table()
    expected = _fitted(name, y).predict(X)
    assert expected.std() > 0.2 * y.std()
    predictions = _fitted(name, y * unit).predict(X) / unit
    if name == "AdaBoostRegressor":  # which of two equal learners comes first may differ
        assert np.corrcoef(expected, predictions)[0, 1] > 0.9
    else:
        np.testing.assert_allclose(predictions, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("criterion", ["squared_error", "absolute_error"])
def test_unit_of_the_target_does_not_matter_to_a_criterion(criterion):
    _, y = _table()
    trees = [_fitted("DecisionTreeRegressor", y * unit, criterion=criterion).tree_ for unit in (1.0, *UNITS)]
    for tree in trees[1:]:
        np.testing.assert_array_equal(tree.feature, trees[0].feature)
        np.testing.assert_array_equal(tree.threshold, trees[0].threshold)


@pytest.mark.parametrize("family", ["newton", "gradient"])
@pytest.mark.parametrize("unit", UNITS)
def test_unit_of_the_target_does_not_matter_to_a_loss(family, unit):
    X, y = _table()
    name = {"newton": "NewtonBoostingRegressor", "gradient": "GradientBoostingRegressor"}[family]
    for loss in offered_losses(family, "numbers"):
        target = np.exp(y / 4) if LOSSES[loss].link_name == "log" else y
        expected, predictions = (_fitted(name, target * u, loss=loss).predict(X) / u for u in (1.0, unit))
        np.testing.assert_allclose(predictions, expected, rtol=1e-6, atol=1e-6, err_msg=loss)


@pytest.mark.parametrize("kind", ["counts", "rare counts", "amounts", "amounts and zeros"])
@pytest.mark.parametrize("loss", ["poisson", "tweedie"])
def test_regularisation_of_counts_and_amounts_is_the_same_in_any_unit(loss, kind):
    X, y = _table()
    rng, mean = np.random.default_rng(1), np.exp(y / 4)
    target = {
        "counts": rng.poisson(5 * mean),
        "rare counts": rng.poisson(mean / 4),
        "amounts": mean,
        "amounts and zeros": rng.poisson(mean) * mean,
    }[kind]
    limits = {"loss": loss, "min_child_weight": 1.0, "reg_lambda": 5.0}
    expected = _fitted("NewtonBoostingRegressor", target, **limits).predict(X)
    assert expected.std() > 0.1 * expected.mean()
    for unit in (1e-6, 1e6, 1e-20):
        found = _fitted("NewtonBoostingRegressor", target * unit, **limits).predict(X) / unit
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_counts_are_regularised_as_numbers_of_events():
    _, y = _table()
    counts = np.random.default_rng(1).poisson(np.exp(y / 4))
    loss = make_loss("poisson").prepared(counts.astype(np.float64), None)
    assert loss.target_unit == (1.0,)
    assert make_loss("poisson").prepared(counts * 1e-6, None).target_unit == (1e-6,)
    assert make_loss("poisson").prepared((counts * 1e-6).astype(np.float32) * 1.0, None).target_unit == (
        pytest.approx(1e-6),
    )
    amounts = np.exp(y)
    assert make_loss("tweedie").prepared(amounts, None).target_unit == (pytest.approx(amounts.mean()),)
    weight = np.random.default_rng(2).integers(0, 3, y.size)
    of_copies = make_loss("tweedie").prepared(np.repeat(amounts, weight), None)
    assert make_loss("tweedie").prepared(amounts, weight.astype(np.float64)) == of_copies


_ALL_ROWS = {"subsample": 1.0, "colsample_bylevel": 1.0}
_NOTHING_ABSOLUTE = {"min_child_weight": 0.0, "reg_lambda": 0.0}
STOPPING = {
    "NewtonBoostingRegressor": {"early_stopping": True, "n_iter_no_change": 3, **_ALL_ROWS, **_NOTHING_ABSOLUTE},
    "GradientBoostingRegressor": {"n_iter_no_change": 3},
    "AdaBoostRegressor": {"early_stopping": True, "n_iter_no_change": 3},
}


@pytest.mark.parametrize("name", STOPPING)
def test_unit_of_the_target_does_not_decide_when_fits_stop(name):
    X, y = _table()
    losses = ("squared_error", "absolute_error", "huber", "poisson", "tweedie")
    family = {"NewtonBoostingRegressor": "newton", "GradientBoostingRegressor": "gradient"}.get(name)
    losses = [{"loss": loss} for loss in losses if loss in offered_losses(family, "numbers")] if family else [{}]
    for loss in losses:
        amounts = np.exp(y / 4) if loss.get("loss") in ("poisson", "tweedie") else y
        lengths = []
        for unit in (1.0, 2.0**-30, 2.0**20):
            made = estimators()[name](
                n_estimators=60, tol=0.001 if name.startswith("Ada") else 0.01, random_state=0, **STOPPING[name], **loss
            )
            made.fit(X, amounts * unit)
            lengths.append(made.n_iter_ if hasattr(made, "n_iter_") else len(made.estimators_))
        assert lengths[0] < 60, loss
        assert lengths[1:] == lengths[:1] * 2, loss


LEAST = {"NewtonBoostingRegressor": 1e-37}  # of others 1e-150


@pytest.mark.parametrize("name", REGRESSORS)
def test_targets_too_small_to_learn_from_are_refused(name):
    X, y = _table(60)
    least = LEAST.get(name, 1e-150)
    predictions = _fitted(name, y / np.abs(y).max() * 10.0 * least).predict(X)
    assert np.corrcoef(predictions, y)[0, 1] > 0.5
    with pytest.raises(ValueError, match=f"^y must have a number of at least {least:g} in size.*, got at most"):
        _fitted(name, y / np.abs(y).max() * 0.1 * least)
    np.testing.assert_allclose(_fitted(name, np.full(60, 1e-200)).predict(X) * 1e200, 1.0)


def test_losses_of_ranks_take_the_smallest_targets():
    X, y = _table(60)
    for loss in ("absolute_error", "quantile"):
        predictions = _fitted("NewtonBoostingRegressor", y * 2.0**-600, loss=loss).predict(X)
        np.testing.assert_allclose(predictions * 2.0**600, _fitted("NewtonBoostingRegressor", y, loss=loss).predict(X))
