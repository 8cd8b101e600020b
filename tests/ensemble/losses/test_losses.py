"""Every loss obeys one contract: a table of them, and one test per law."""

import pickle
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest

from skensemble.ensemble.losses import _pointwise
from skensemble.ensemble.losses._losses import LOSSES, MulticlassLogLoss, make_loss
from tests import reference

N = 60


@dataclass
class Case:
    name: str
    settings: dict = field(default_factory=dict)
    options: tuple = (None,)  # what reference.loss_of_row takes, one per output
    target: str = "real"
    hessian_is_derivative: bool = True

    def __str__(self):
        return "-".join([self.name, *(f"{key}={value}" for key, value in self.settings.items())])

    def loss(self):
        return make_loss(self.name, **self.settings)


CASES = [
    Case("log_loss", {"n_classes": 2}, target="classes"),
    Case("log_loss", {"n_classes": 4}, target="classes"),
    Case("squared_error"),
    Case("squared_error", {"n_outputs": 3}, (None,) * 3),
    Case("absolute_error", hessian_is_derivative=False),
    Case("absolute_error", {"n_outputs": 2}, (None,) * 2, hessian_is_derivative=False),
    Case("huber", {"huber_slope": 0.8}, (0.8,), hessian_is_derivative=False),
    Case("huber", {"huber_slope": 0.8, "n_outputs": 2}, (0.8, 0.8), hessian_is_derivative=False),
    Case("pseudo_huber", {"huber_slope": 0.8}, (0.8,)),
    Case("pseudo_huber", {"huber_slope": 0.8, "n_outputs": 2}, (0.8, 0.8)),
    Case("quantile", {"quantile": 0.3}, (0.3,), hessian_is_derivative=False),
    Case("quantile", {"quantile": [0.9, 0.1, 0.5]}, (0.9, 0.1, 0.5), hessian_is_derivative=False),
    Case("expectile", {"quantile": 0.3}, (0.3,)),
    Case("expectile", {"quantile": [0.9, 0.1]}, (0.9, 0.1)),
    Case("poisson", target="counts"),
    Case("poisson", {"n_outputs": 2}, (None,) * 2, target="counts"),
    Case("gamma", target="positive"),
    Case("gamma", {"n_outputs": 2}, (None,) * 2, target="positive"),
    Case("tweedie", {"tweedie_variance_power": 1.3}, (1.3,), target="counts"),
    Case("tweedie", {"tweedie_variance_power": 1.7, "n_outputs": 2}, (1.7, 1.7), target="counts"),
]
WITH_LOG_LINK = ("poisson", "gamma", "tweedie")
every_loss = pytest.mark.parametrize("case", CASES, ids=str)


def _target(case, n=N, seed=0):
    rng = np.random.default_rng(seed)
    shape = n if case.settings.get("n_outputs", 1) == 1 else (case.settings["n_outputs"], n)
    draw = {
        "classes": lambda: rng.integers(0, case.settings.get("n_classes", 2), n),
        "counts": lambda: rng.poisson(1.5, shape),
        "positive": lambda: rng.gamma(2.0, size=shape),
        "real": lambda: np.round(rng.normal(size=shape), 2),
    }
    return draw[case.target]().astype(np.float64)


def _problem(case, n=N, seed=0):
    """loss, y, raw, whole weights (some of them zero)"""
    rng = np.random.default_rng(seed + 1)
    y, weight = _target(case, n, seed), rng.integers(0, 4, n).astype(np.float64)
    loss = case.loss().prepared(y, weight)
    return loss, y, rng.normal(size=(loss.n_outputs, n)) + 0.003, weight


def _derivatives(loss, y, raw, blocks=None, sample_weight=None):
    gradient, hessian = np.full(raw.shape, np.nan, np.float32), np.full(raw.shape, np.nan, np.float32)
    for start, stop in blocks or [(0, raw.shape[1])]:
        loss.gradient_hessian(y, raw, gradient, hessian, start, stop, sample_weight)
    return gradient, hessian


def _repeated(array, weight):
    return np.ascontiguousarray(np.repeat(array, weight.astype(int), axis=-1))


def _one_row(row, n=N):
    return np.eye(1, n, row)[0]


# -- laws ------------------------------------------------------------------------------------------------------------


def test_the_table_of_cases_is_complete():
    assert {case.name for case in CASES} == set(LOSSES)


@every_loss
def test_value_is_the_weighted_mean_of_the_formula(case):
    loss, y, raw, weight = _problem(case)
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
    return loss.value(y, moved, _one_row(row)) * (1 if isinstance(loss, MulticlassLogLoss) else loss.n_outputs)


@every_loss
def test_gradient_is_the_derivative_of_the_value(case):
    loss, y, raw, _ = _problem(case)
    gradient, _ = _derivatives(loss, y, raw)
    for output, row in np.ndindex(loss.n_outputs, 15):
        up, down = (_value_of_row(loss, y, raw, row, output, step) for step in (1e-5, -1e-5))
        assert gradient[output, row] == pytest.approx((up - down) / 2e-5, rel=1e-5, abs=1e-6)


@every_loss
def test_hessian_is_the_second_derivative_or_one(case):
    loss, y, raw, _ = _problem(case)
    _, hessian = _derivatives(loss, y, raw)
    if not case.hessian_is_derivative or loss.constant_hessian:
        assert loss.constant_hessian
        assert (hessian == 1).all()
        return
    overlap = 4 / 3 if isinstance(loss, MulticlassLogLoss) else 1.0  # n_classes / (n_classes - 1)
    for output, row in np.ndindex(loss.n_outputs, 15):
        down, here, up = (_value_of_row(loss, y, raw, row, output, step) for step in (-1e-3, 0.0, 1e-3))
        expected = overlap * (up - 2 * here + down) / 1e-6
        assert hessian[output, row] == pytest.approx(expected, rel=1e-3, abs=1e-6)


@every_loss
def test_rows_do_not_depend_on_their_block(case):
    loss, y, raw, _ = _problem(case, n=1100)
    whole = _derivatives(loss, y, raw)
    for width in (1, 7, 64, 1001):
        blocks = [(start, min(start + width, 1100)) for start in range(0, 1100, width)]
        for pieces, expected in zip(_derivatives(loss, y, raw, blocks), whole):
            np.testing.assert_array_equal(pieces, expected)


@every_loss
def test_baseline_has_the_smallest_value(case):
    loss, y, _, weight = _problem(case)
    constant = np.repeat(loss.baseline(y, weight)[:, None], N, axis=1)
    smallest = loss.value(y, constant, weight)
    for output, step in np.ndindex(loss.n_outputs, 4):
        moved = constant.copy()
        moved[output] += (-0.1, -1e-4, 1e-4, 0.1)[step]
        assert loss.value(y, moved, weight) >= smallest - 1e-14


@every_loss
def test_weight_k_is_k_copies_bit_for_bit(case):
    loss, y, raw, weight = _problem(case)
    copies = _repeated(y, weight)
    again = case.loss().prepared(copies, None)
    assert again == loss
    np.testing.assert_array_equal(loss.baseline(y, weight), again.baseline(copies, None))
    assert loss.value(y, raw, weight) == again.value(copies, _repeated(raw, weight), None)


@every_loss
def test_sums_have_no_order(case):
    loss, y, raw, weight = _problem(case)
    order = np.random.default_rng(3).permutation(N)
    y_shuffled, raw_shuffled = np.ascontiguousarray(y[..., order]), np.ascontiguousarray(raw[:, order])
    np.testing.assert_array_equal(loss.baseline(y, weight), loss.baseline(y_shuffled, weight[order]))
    assert loss.value(y, raw, weight) == loss.value(y_shuffled, raw_shuffled, weight[order])


@every_loss
def test_predictions_have_the_units_and_shape_of_the_target(case):
    loss, _, raw, _ = _problem(case)
    predictions = loss.link_inverse(raw)
    if case.target == "classes":
        assert predictions.shape == (N, loss.n_classes)
        np.testing.assert_allclose(predictions.sum(axis=1), 1.0, rtol=1e-15)
    else:
        assert predictions.shape == ((N,) if loss.n_outputs == 1 else (N, loss.n_outputs))


@every_loss
def test_link_undoes_its_inverse(case):
    loss, y, _, weight = _problem(case)
    constant = loss.baseline(y, weight)
    prediction = loss.link_inverse(constant[:, None])
    prediction = prediction[0, 1] if case.settings.get("n_classes") == 2 else np.ravel(prediction)
    np.testing.assert_allclose(loss.link(prediction), constant, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", [case for case in CASES if case.target != "real"], ids=str)
def test_extreme_raw_values_stay_finite(case):
    loss, y, raw, _ = _problem(case)
    raw[:] = np.resize([0.0, 36.0, -36.0, 800.0, -800.0, 1e6, -1e6, 1e100, -1e100], raw.shape)
    gradient, hessian = _derivatives(loss, y, raw)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()
    assert (hessian > 0).all()
    assert np.isfinite(loss.link_inverse(raw)).all()
    assert np.isfinite(loss.value(y, raw, None))


@every_loss
def test_survives_pickling(case):
    loss, *_ = _problem(case)
    assert pickle.loads(pickle.dumps(loss)) == loss


@every_loss
def test_only_zero_weights_are_survived(case):
    loss, y, raw, _ = _problem(case)
    case.loss().prepared(y, np.zeros(N))
    assert np.isfinite(loss.baseline(y, np.zeros(N))).all()
    assert loss.value(y, raw, np.zeros(N)) == 0.0


# -- leaves ----------------------------------------------------------------------------------------------------------


def _leaves(rng, n=N, n_leaves=6):
    """Rows sorted by leaf, and where each leaf starts; the last leaf is empty."""
    leaf = rng.integers(0, n_leaves - 1, n)
    rows = np.argsort(leaf, kind="stable")
    return rows.astype(np.uint32), np.searchsorted(leaf[rows], np.arange(n_leaves + 1)).astype(np.int64)


def _reference_leaf(case, output, residual, weight):
    if case.name == "huber":
        return reference.huber_leaf(residual, weight, 0.8) if weight.sum() else 0.0
    return reference.weighted_quantile(residual, weight, case.options[output] or 0.5)


refitting = pytest.mark.parametrize("case", [case for case in CASES if case.loss().refit], ids=str)


def test_losses_that_refit_their_leaves():
    assert {case.name for case in CASES if case.loss().refit} == {"absolute_error", "huber", "quantile"}


@refitting
@pytest.mark.parametrize("weights", ["none", "whole", "fractional"])
def test_refit_equals_its_reference(case, weights):
    loss, y, raw, weight = _problem(case)
    sample_weight = {"none": None, "whole": weight, "fractional": 0.1 * weight}[weights]
    counted = np.ones(N) if sample_weight is None else sample_weight
    rows, leaf_start = _leaves(np.random.default_rng(2))
    raw = np.round(raw, 1)  # ties
    for output in range(loss.n_outputs):
        target = y if y.ndim == 1 else y[output]
        leaves = [rows[start:stop] for start, stop in pairwise(leaf_start)]
        expected = [_reference_leaf(case, output, (target - raw[output])[leaf], counted[leaf]) for leaf in leaves]
        for n_threads in (1, 2, 7):
            result = loss.refit(output, y, raw, sample_weight, rows, leaf_start, n_threads)
            np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-15)


@refitting
def test_refit_takes_weight_k_for_k_copies(case):
    loss, y, raw, weight = _problem(case)
    rows, leaf_start = _leaves(np.random.default_rng(2))
    first_copy = np.concatenate([[0], np.cumsum(weight)]).astype(int)
    copies = [np.arange(first_copy[row], first_copy[row + 1]) for row in rows]
    leaf_start_of_copies = np.concatenate([[0], np.cumsum([len(copy) for copy in copies])])[leaf_start]
    weighted = loss.refit(0, y, raw, weight, rows, leaf_start)
    repeated = loss.refit(
        0,
        _repeated(y, weight),
        _repeated(raw, weight),
        None,
        np.concatenate(copies).astype(np.uint32),
        leaf_start_of_copies,
    )
    np.testing.assert_array_equal(weighted, repeated)


# -- single losses ---------------------------------------------------------------------------------------------------


def test_exponential_is_accurate_to_the_last_bits():
    x = np.linspace(-700, 700, 20001)
    own = np.array([_pointwise.exponential(value) for value in x])
    np.testing.assert_allclose(own, np.exp(x), rtol=1e-15)
    e = np.concatenate([np.linspace(0, 1, 20001), 10.0 ** -np.arange(1, 300)])
    np.testing.assert_allclose([_pointwise._log_one_plus(value) for value in e], np.log1p(e), rtol=1e-15)


@pytest.mark.parametrize("n_classes", [2, 5])
def test_probabilities_are_accurate(n_classes):
    loss, raw = make_loss("log_loss", n_classes=n_classes), np.random.default_rng(0).normal(0, 5, (n_classes, N))
    raw = raw[: loss.n_outputs]
    logits = np.vstack([np.zeros(N), raw]) if n_classes == 2 else raw
    e = np.exp(logits - logits.max(axis=0))
    np.testing.assert_allclose(loss.link_inverse(raw), (e / e.sum(axis=0)).T, rtol=1e-14)


def test_softmax_of_two_classes_steps_like_the_binary_loss():
    y, raw = np.array([0.0, 1.0, 1.0]), np.array([[0.3, -2.0, 5.0]])
    gradient, hessian = _derivatives(make_loss("log_loss"), y, raw)
    gradient_2, hessian_2 = _derivatives(MulticlassLogLoss(2), y, np.vstack([-raw / 2, raw / 2]))
    step = gradient_2 / hessian_2
    np.testing.assert_allclose(step[1] - step[0], gradient[0] / hessian[0], rtol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_one_class_only_has_a_finite_baseline(n_classes):
    loss = make_loss("log_loss", n_classes=n_classes)
    for only in range(n_classes):
        y = np.full(10, float(only))
        constant = loss.baseline(y, None)
        assert np.isfinite(constant).all()
        assert loss.link_inverse(constant[:, None])[0, only] == pytest.approx(1.0)


def test_expectile_of_one_half_is_squared_error():
    y, raw = np.array([0.5, -1.0, 3.0]), np.array([[0.0, 0.0, 0.0]])
    expectile, squared_error = make_loss("expectile"), make_loss("squared_error")
    for ours, theirs in zip(_derivatives(expectile, y, raw), _derivatives(squared_error, y, raw)):
        np.testing.assert_array_equal(ours, theirs)
    assert expectile.value(y, raw, None) == squared_error.value(y, raw, None)


def test_ties_ask_for_no_move():
    y = np.array([1.0, 2.0])
    for name in ("absolute_error", "quantile", "huber"):
        gradient, _ = _derivatives(make_loss(name).prepared(y, None), y, y[None].copy())
        assert (gradient == 0).all()


@pytest.mark.parametrize("name", ["quantile", "expectile"])
def test_levels_do_not_cross(name):
    loss = make_loss(name, quantile=[0.9, 0.1, 0.5])
    np.testing.assert_array_equal(loss.link_inverse(np.array([[1.0], [2.0], [3.0]])), [[3.0, 1.0, 2.0]])


@pytest.mark.parametrize("name", ["huber", "pseudo_huber"])
def test_slope_is_the_usual_distance_and_then_frozen(name):
    y = np.arange(101.0)
    loss = make_loss(name, n_outputs=2).prepared(np.stack([y, 2 * y]), None)
    assert loss.huber_slope == (45.0, 90.0)
    assert loss.prepared(np.stack([y, y]) * 9, None).huber_slope == (45.0, 90.0)


@pytest.mark.parametrize(("y", "slope"), [(np.r_[np.zeros(20), 3.0], 3.0), (np.zeros(5), 1.0)])
def test_slope_is_positive_where_most_rows_agree(y, slope):
    assert make_loss("huber").prepared(y, None).huber_slope == (slope,)


def test_slope_sees_no_row_without_weight():
    y, weight = np.r_[np.zeros(20), 3.0, 50.0], np.r_[np.ones(21), 0.0]
    assert make_loss("huber").prepared(y, weight).huber_slope == (3.0,)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("name", ["huber", "pseudo_huber", "expectile"])
def test_baseline_is_found_at_any_scale(name, scale):
    y = np.r_[np.random.default_rng(0).normal(size=200), 1e4] * scale
    loss = make_loss(name, quantile=0.95).prepared(y, None)
    gradient, _ = _derivatives(loss, y, np.full((1, 201), loss.baseline(y, None)[0]))
    assert abs(gradient.mean(dtype=float)) <= 1e-6 * np.abs(gradient).mean(dtype=float)


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
    case.loss().check_target(_target(case))


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("quantile", {"quantile": 1.0}, r"quantile must be a number in \(0, 1\) .*got 1.0"),
        ("quantile", {"quantile": []}, r"quantile must be a number in \(0, 1\) or a list"),
        ("expectile", {"quantile": [0.5, "a"]}, r"quantile must be .*got \[0.5, 'a'\]"),
        ("quantile", {"n_outputs": 2}, r"loss='quantile' takes one target column, got 2"),
        ("tweedie", {"tweedie_variance_power": 2}, r"tweedie_variance_power must be a number in \(1, 2\), got 2"),
    ],
)
def test_illegal_settings_are_named(name, settings, message):
    with pytest.raises(ValueError, match=message):
        make_loss(name, **settings)


def test_illegal_slope_is_named():
    with pytest.raises(ValueError, match=r"huber_slope must be a number > 0 or None, got -1"):
        make_loss("huber", huber_slope=-1).prepared(np.arange(3.0), None)


def test_settings_of_other_losses_are_left_aside():
    loss = make_loss("poisson", n_outputs=2, quantile=[0.1, 0.9], huber_slope=1.0, n_classes=3)
    assert loss.n_outputs == 2


# -- a loss of the user's own ------------------------------------------------------------------------------------------


def _squared(y, raw, sample_weight):
    weight = np.ones(y.shape) if sample_weight is None else np.broadcast_to(sample_weight, y.T.shape).T
    return weight * (raw - y), weight


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_custom_loss_is_called_with_the_shapes_of_its_user(n_outputs):
    case = Case("squared_error", {"n_outputs": n_outputs}, (None,) * n_outputs)
    squared_error, y, raw, weight = _problem(case)
    custom = make_loss(_squared, n_outputs=n_outputs)
    for ours, theirs in zip(_derivatives(custom, y, raw), _derivatives(squared_error, y, raw)):
        np.testing.assert_array_equal(ours, theirs)
    gradient, hessian = _derivatives(custom, y, raw, sample_weight=weight)
    np.testing.assert_allclose(gradient, weight * _derivatives(squared_error, y, raw)[0], rtol=1e-6)
    np.testing.assert_array_equal(hessian, np.broadcast_to(weight, raw.shape))
    assert custom.applies_weights
    assert not custom.has_value
    np.testing.assert_array_equal(custom.baseline(y, weight), np.zeros(n_outputs))


def test_custom_loss_of_a_classifier_gives_probabilities():
    assert make_loss(_squared, n_classes=2).link_inverse(np.zeros((1, 3))).shape == (3, 2)
    three = make_loss(_squared, n_classes=3)
    assert three.n_outputs == 3
    np.testing.assert_allclose(three.link_inverse(np.zeros((3, 2))), 1 / 3)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.zeros(4), r"loss must return the pair \(gradient, hessian\), got ndarray"),
        ((np.zeros(3), np.ones(4)), r"loss must return a gradient of shape \(4,\), got \(3,\)"),
        ((np.zeros(4), 1.0), r"loss must return a hessian of shape \(4,\), got \(\)"),
        ((np.zeros(4), np.full(4, np.nan)), r"loss must return finite values, got nan in the hessian"),
    ],
)
def test_custom_loss_that_returns_something_else_is_told(result, message):
    custom = make_loss(lambda y, raw, sample_weight: result)
    with pytest.raises(ValueError, match=message):
        _derivatives(custom, np.zeros(4), np.zeros((1, 4)))
