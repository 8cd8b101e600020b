"""The table of losses: what every entry promises, one test per law."""

import pickle
from itertools import pairwise

import numpy as np
import pytest

from skensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRanker,
    NewtonBoostingRegressor,
)
from skensemble.ensemble.losses._class_losses import MulticlassLogLoss
from skensemble.ensemble.losses._losses import LOSSES, class_of_loss, make_loss, offered_losses, takes_outputs
from tests import reference
from tests.ensemble.losses.loss_cases import CASES, N, derivatives, problem, repeated, target_for

every_loss = pytest.mark.parametrize("case", CASES, ids=str)


# -- the table -------------------------------------------------------------------------------------------------------

ESTIMATORS = {
    ("newton", "numbers"): NewtonBoostingRegressor,
    ("newton", "classes"): NewtonBoostingClassifier,
    ("newton", "relevance"): NewtonBoostingRanker,
    ("gradient", "numbers"): GradientBoostingRegressor,
    ("gradient", "classes"): GradientBoostingClassifier,
}
offers = [(family, name) for name, loss in LOSSES.items() for family in loss.families]


@pytest.mark.parametrize("name", LOSSES)
def test_an_entry_says_what_it_is(name):
    loss = LOSSES[name]
    assert loss.name == name
    assert class_of_loss(name) is loss
    assert loss.link_name in ("identity", "log", "logit", "half-logit", "softmax")
    assert not loss.positive_target or loss.target == "numbers"
    assert loss.families
    assert {(family, loss.target) for family in loss.families} <= ESTIMATORS.keys()


@pytest.mark.parametrize(("family", "name"), offers)
def test_estimators_offer_the_losses_of_their_family(family, name):
    X = np.random.default_rng(0).normal(size=(N, 2))
    target = LOSSES[name].target
    y = np.exp(X[:, 0]) if target == "numbers" else (X[:, 0] > 0).astype(int)
    assert name in offered_losses(family, target)
    model = ESTIMATORS[family, target](loss=name, n_estimators=2)
    queries = {"qid": np.arange(N) // 10} if target == "relevance" else {}
    assert np.isfinite(model.fit(X, y, **queries).predict(X)).all()


@pytest.mark.parametrize("name", offered_losses("newton", "numbers"))
def test_settings_are_parameters_of_the_regressor(name):
    assert LOSSES[name].settings() - {"n_outputs"} <= NewtonBoostingRegressor().get_params().keys()
    tags = NewtonBoostingRegressor(name).__sklearn_tags__().target_tags
    assert (tags.multi_output, tags.positive_only) == (takes_outputs(LOSSES[name]), LOSSES[name].positive_target)


# -- laws ------------------------------------------------------------------------------------------------------------


def _has_formula(case):
    try:
        reference.loss_of_row(case.name, 1.0, 0.5, case.options[0])
    except KeyError:
        return False
    return True


@pytest.mark.parametrize("case", list(filter(_has_formula, CASES)), ids=str)
def test_value_is_the_weighted_mean_of_the_formula(case):
    loss, y, raw, weight = problem(case)
    if isinstance(loss, MulticlassLogLoss):
        rows = [[reference.loss_of_row(case.name, y[i], raw[:, i].tolist()) for i in range(N)]]
    else:
        targets = np.broadcast_to(y, raw.shape)
        rows = [
            [reference.loss_of_row(case.name, targets[k, i], raw[k, i], option) for i in range(N)]
            for k, option in enumerate(case.options)
        ]
    expected = np.mean([reference.weighted_mean(values, weight) for values in rows])
    np.testing.assert_allclose(loss.value(y, raw, weight), expected, rtol=1e-13)


def _value_of_row(loss, y, raw, row, output, step):
    moved = raw.copy()
    moved[output, row] += step
    return loss.value(y, moved, np.eye(1, N, row)[0]) * (1 if isinstance(loss, MulticlassLogLoss) else loss.n_outputs)


@every_loss
def test_gradient_is_the_derivative_of_the_value(case):
    loss, y, raw, _ = problem(case)
    gradient, _ = derivatives(loss, y, raw)
    for output, row in np.ndindex(loss.n_outputs, 15):
        up, down = (_value_of_row(loss, y, raw, row, output, step) for step in (1e-5, -1e-5))
        assert gradient[output, row] == pytest.approx((up - down) / 2e-5, rel=1e-5, abs=1e-6)


@every_loss
def test_hessian_is_the_second_derivative_or_one(case):
    loss, y, raw, _ = problem(case)
    _, hessian = derivatives(loss, y, raw)
    if loss.constant_hessian:
        assert (hessian == 1).all()
        return
    overlap = 4 / 3 if isinstance(loss, MulticlassLogLoss) else 1.0  # n_classes / (n_classes - 1)
    for output, row in np.ndindex(loss.n_outputs, 15):
        down, here, up = (_value_of_row(loss, y, raw, row, output, step) for step in (-1e-3, 0.0, 1e-3))
        expected = overlap * (up - 2 * here + down) / 1e-6
        assert hessian[output, row] == pytest.approx(expected, rel=1e-3, abs=1e-6)


@every_loss
def test_rows_do_not_depend_on_their_block(case):
    loss, y, raw, _ = problem(case, n=1100)
    whole = derivatives(loss, y, raw)
    for width in (1, 7, 64, 1001):
        blocks = [(start, min(start + width, 1100)) for start in range(0, 1100, width)]
        for pieces, expected in zip(derivatives(loss, y, raw, blocks), whole):
            np.testing.assert_array_equal(pieces, expected)


@every_loss
def test_baseline_has_the_smallest_value(case):
    loss, y, _, weight = problem(case)
    constant = np.repeat(loss.baseline(y, weight)[:, None], N, axis=1)
    smallest = loss.value(y, constant, weight)
    for output, step in np.ndindex(loss.n_outputs, 4):
        moved = constant.copy()
        moved[output] += (-0.1, -1e-4, 1e-4, 0.1)[step]
        assert loss.value(y, moved, weight) >= smallest - 1e-14


@every_loss
def test_weight_k_is_k_copies_bit_for_bit(case):
    loss, y, raw, weight = problem(case)
    copies = repeated(y, weight)
    again = case.loss().prepared(copies, None)
    assert again == loss
    np.testing.assert_array_equal(loss.baseline(y, weight), again.baseline(copies, None))
    assert loss.value(y, raw, weight) == again.value(copies, repeated(raw, weight), None)


@every_loss
def test_sums_have_no_order(case):
    loss, y, raw, weight = problem(case)
    order = np.random.default_rng(3).permutation(N)
    y_shuffled, raw_shuffled = np.ascontiguousarray(y[..., order]), np.ascontiguousarray(raw[:, order])
    np.testing.assert_array_equal(loss.baseline(y, weight), loss.baseline(y_shuffled, weight[order]))
    assert loss.value(y, raw, weight) == loss.value(y_shuffled, raw_shuffled, weight[order])


@every_loss
def test_predictions_have_the_units_and_shape_of_thetarget_for(case):
    loss, _, raw, _ = problem(case)
    predictions = loss.link_inverse(raw)
    if case.kind.target == "classes":
        assert predictions.shape == (N, loss.n_classes)
        np.testing.assert_allclose(predictions.sum(axis=1), 1.0, rtol=1e-15)
    else:
        assert predictions.shape == ((N,) if loss.n_outputs == 1 else (N, loss.n_outputs))


@every_loss
def test_link_undoes_its_inverse(case):
    loss, y, _, weight = problem(case)
    constant = loss.baseline(y, weight)
    prediction = loss.link_inverse(constant[:, None])
    prediction = prediction[0, 1] if getattr(loss, "n_classes", None) == 2 else np.ravel(prediction)
    np.testing.assert_allclose(loss.link(prediction), constant, rtol=1e-12, atol=1e-12)


with_a_link = [case for case in CASES if case.kind.link_name != "identity" and "newton" in case.kind.families]


@pytest.mark.parametrize("case", with_a_link, ids=str)
def test_extreme_raw_values_stay_finite(case):
    loss, y, raw, _ = problem(case)
    raw[:] = np.resize([0.0, 36.0, -36.0, 800.0, -800.0, 1e6, -1e6, 1e100, -1e100], raw.shape)
    gradient, hessian = derivatives(loss, y, raw)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()
    assert (hessian > 0).all()
    assert np.isfinite(loss.link_inverse(raw)).all()
    assert np.isfinite(loss.value(y, raw, None))


@every_loss
def test_survives_pickling(case):
    loss, *_ = problem(case)
    assert pickle.loads(pickle.dumps(loss)) == loss


@every_loss
def test_only_zero_weights_are_survived(case):
    loss, y, raw, _ = problem(case)
    case.loss().prepared(y, np.zeros(N))
    assert np.isfinite(loss.baseline(y, np.zeros(N))).all()
    assert loss.value(y, raw, np.zeros(N)) == 0.0


# -- leaves ----------------------------------------------------------------------------------------------------------


def _leaves(rng, n=N, n_leaves=6):
    """Rows sorted by leaf, and where each leaf starts; the last leaf is empty."""
    leaf = rng.integers(0, n_leaves - 1, n)
    rows = np.argsort(leaf, kind="stable")
    return rows.astype(np.uint32), np.searchsorted(leaf[rows], np.arange(n_leaves + 1)).astype(np.int64)


REFERENCE_LEAVES = {
    "absolute_error": lambda residual, weight, _: reference.weighted_quantile(residual, weight, 0.5),
    "quantile": reference.weighted_quantile,
    "huber": lambda residual, weight, slope: reference.huber_leaf(residual, weight, slope) if weight.sum() else 0.0,
}
with_reference = [case for case in CASES if case.name in REFERENCE_LEAVES]
with_optimal_leaves = [case for case in CASES if case.kind.optimal_leaf_values is not None]


@pytest.mark.parametrize("case", with_reference, ids=str)
@pytest.mark.parametrize("weights", ["none", "whole", "fractional"])
def test_optimal_leaf_values_equal_their_reference(case, weights):
    loss, y, raw, weight = problem(case)
    sample_weight = {"none": None, "whole": weight, "fractional": 0.1 * weight}[weights]
    counted = np.ones(N) if sample_weight is None else sample_weight
    rows, leaf_start = _leaves(np.random.default_rng(2))
    raw = np.round(raw, 1)  # ties
    of_leaf = REFERENCE_LEAVES[case.name]
    for output in range(loss.n_outputs):
        target = y if y.ndim == 1 else y[output]
        leaves = [rows[start:stop] for start, stop in pairwise(leaf_start)]
        expected = [of_leaf((target - raw[output])[leaf], counted[leaf], case.options[output]) for leaf in leaves]
        for n_threads in (1, 2, 7):
            result = loss.optimal_leaf_values(output, y, raw, sample_weight, rows, leaf_start, n_threads)
            np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("case", with_optimal_leaves, ids=str)
def test_optimal_leaf_values_take_weight_k_for_k_copies(case):
    loss, y, raw, weight = problem(case)
    rows, leaf_start = _leaves(np.random.default_rng(2))
    first_copy = np.concatenate([[0], np.cumsum(weight)]).astype(int)
    copies = [np.arange(first_copy[row], first_copy[row + 1]) for row in rows]
    leaf_start_of_copies = np.concatenate([[0], np.cumsum([len(copy) for copy in copies])])[leaf_start]
    weighted = loss.optimal_leaf_values(0, y, raw, weight, rows, leaf_start)
    of_copies = loss.optimal_leaf_values(
        0,
        repeated(y, weight),
        repeated(raw, weight),
        None,
        np.concatenate(copies).astype(np.uint32),
        leaf_start_of_copies,
    )
    np.testing.assert_array_equal(weighted, of_copies)


# -- targets and settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "y", "message"),
    [
        ("poisson", [1.0, -2.0], r"loss='poisson' needs y >= 0 .*got y = -2"),
        ("poisson", [0.0, 0.0], r"loss='poisson' needs sum\(y\) > 0"),
        ("poisson", [[1.0, 1.0], [0.0, 0.0]], r"sum\(y\) > 0"),
        ("tweedie", [0.0, -0.5], r"loss='tweedie' needs y >= 0 .*got y = -0.5"),
        ("tweedie", [0.0, 0.0], r"loss='tweedie' needs sum\(y\) > 0"),
        ("gamma", [1.0, 0.0], r"loss='gamma' needs y > 0 .*got y = 0"),
        ("gamma", [1.0, np.nan], r"loss='gamma' needs y > 0 .*got y = nan"),
        ("squared_error", [1.0, 1e200], r"loss='squared_error' needs \|y\| <= 1e\+37 .*got y = 1e\+200"),
        ("absolute_error", [1.0, np.inf], r"loss='absolute_error' needs .*got y = inf"),
        ("log_loss", [0.0, 2.0], r"loss='log_loss' needs class indices 0 .. 1 .*got y = 2"),
    ],
)
def test_illegal_targets_are_named(name, y, message):
    with pytest.raises(ValueError, match=message):
        make_loss(name).check_target(np.array(y))


@every_loss
def test_legal_targets_pass(case):
    case.loss().check_target(target_for(case))


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("quantile", {"quantile": 1.0}, r"quantile must be a number in \(0, 1\) .*got 1.0"),
        ("quantile", {"quantile": []}, r"quantile must be a number in \(0, 1\) or a list"),
        ("expectile", {"quantile": [0.5, "a"]}, r"quantile must be .*got \[0.5, 'a'\]"),
        ("quantile", {"n_outputs": 2}, r"loss='quantile' needs a single target column, got y with 2"),
        ("tweedie", {"tweedie_variance_power": 2}, r"tweedie_variance_power must be a number in \(1, 2\), got 2"),
    ],
)
def test_illegal_settings_are_named(name, settings, message):
    with pytest.raises(ValueError, match=message):
        make_loss(name, **settings)


def test_settings_of_other_losses_are_left_aside():
    loss = make_loss("poisson", n_outputs=2, quantile=[0.1, 0.9], huber_slope=1.0, n_classes=3)
    assert loss.n_outputs == 2
