"""DART leaves out, grows and scales as its definition says; nothing but speed comes from the leaves that are kept."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss

from skensemble import NewtonBoostingClassifier, NewtonBoostingRegressor
from skensemble._random_bits import mixed_seed
from skensemble.ensemble.newton import _dart
from skensemble.ensemble.newton._dart import (
    DROP_STREAM,
    Dropout,
    Rescaling,
    RoundShape,
    compact,
    compact_leaves,
    scales_after,
)
from tests.plain import ESTIMATORS, classifier, regressor

N = 200
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 4))
X[RNG.random(N) < 0.1, 2] = np.nan
Y = X[:, 0] + np.sin(2 * X[:, 1]) + 0.3 * RNG.normal(size=N)
CLASSES = np.digitize(Y, [-0.7, 0.7])
OUTPUTS = np.c_[Y, -2 * Y, X[:, 3]]
DART = {"booster": "dart", "rate_drop": 0.3, "n_estimators": 12, "learning_rate": 0.4, "max_depth": 3}
KINDS = {
    "tree": {},
    "forest": {"normalize_type": "forest"},
    "weighted": {"sample_type": "weighted", "normalize_type": "forest", "rate_drop": 0.5},
    "one at least": {"one_drop": True, "rate_drop": 0.01, "skip_drop": 0.3},
    "all": {"rate_drop": 1.0},
    "trees in parallel": {"num_parallel_tree": 3, "subsample": 0.7, "colsample_bylevel": 0.7},
}
TARGETS = {
    "numbers": (regressor, Y, {}),
    "classes": (classifier, CLASSES, {}),
    "two classes": (classifier, CLASSES > 1, {}),
    "outputs": (regressor, OUTPUTS, {}),
    "outputs in one tree": (regressor, OUTPUTS, {"multi_strategy": "multi_output_tree"}),
    "median": (regressor, Y, {"loss": "absolute_error"}),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
every_target = pytest.mark.parametrize(("estimator", "y", "own"), TARGETS.values(), ids=TARGETS)


def _raw(model):
    return model.decision_function(X) if hasattr(model, "decision_function") else model.predict(X)


def _stages(model):
    staged = model.staged_decision_function if hasattr(model, "decision_function") else model.staged_predict
    return list(staged(X))


# -- the definition --------------------------------------------------------------------------------------------------


def _plain_dart(model, y):
    """Raw predictions (n_outputs, n_samples) of DART from models of a single round, and from sums of all that is
    there.

    The rounds' draws are those of `model`, which is fitted.
    """
    one_round = clone(model).set_params(booster="gbtree", n_estimators=1)
    seed, eta = mixed_seed(model._seed, 1), model.learning_rate
    dropout = Dropout(model.rate_drop, model.skip_drop, model.one_drop, model.sample_type == "weighted", None)
    start = np.repeat(model._booster.baseline[:, None], N, axis=1)
    joint = len(start) > 1 and getattr(model, "multi_strategy", None) == "multi_output_tree"
    groups = [slice(None)] if joint else [slice(k, k + 1) for k in range(len(start))]
    learners = []  # [scale, outputs, what it adds to them]
    for number in range(model.n_estimators):
        scales = np.array([scale for scale, _, _ in learners])
        dropped = set(dropout.draw(scales, mixed_seed(mixed_seed(seed, number), DROP_STREAM)))
        raw = start.copy()
        for learner, (scale, outputs, added) in enumerate(learners):
            raw[outputs] += scale * added * (learner not in dropped)
        step = np.atleast_2d(_raw(one_round.fit(X, y, init_score=raw.T)).T)
        for outputs in groups:
            out = [learner for learner in dropped if learners[learner][1] == outputs]
            k = 0 if not out else 1 if model.normalize_type == "forest" else len(out)
            for learner in out:
                learners[learner][0] *= k / (k + eta)
            learners.append([1 / (k + eta) if out else 1.0, outputs, step[outputs]])
    raw = start.copy()
    for scale, outputs, added in learners:
        raw[outputs] += scale * added
    return raw


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if "subsample" not in kind])
@every_target
def test_model_is_that_of_plain_sums(estimator, y, own, kind):
    if own.get("loss") == "absolute_error":
        own = own | {"base_score": 0.0}
    model = estimator(**{**DART, **own, **kind}, random_state=3).fit(X, y)
    np.testing.assert_allclose(_raw(model).T.reshape(-1, N), _plain_dart(model, y), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("parameters", [{"rate_drop": 0.0}, {"rate_drop": 1.0, "skip_drop": 1.0, "one_drop": True}])
@pytest.mark.parametrize("extra", [{}, {"subsample": 0.6}, {"num_parallel_tree": 2}])
@every_target
def test_dart_that_drops_nothing_is_gbtree(estimator, y, own, parameters, extra):
    model = estimator(**{**DART, **own, **parameters, "n_estimators": 5}, **extra, random_state=0).fit(X, y)
    plain = clone(model).set_params(booster="gbtree").fit(X, y)
    np.testing.assert_array_equal(_raw(model), _raw(plain))


# -- draws and scales ------------------------------------------------------------------------------------------------


def _draws(n_learners=40, scales=None, n_draws=400, **changes):
    rule = {"rate": 0.2, "skip": 0.0, "one": False, "weighted": False, "forest": False}
    scales = np.ones(n_learners) if scales is None else scales
    return [Dropout(**{**rule, **changes}).draw(scales, seed) for seed in range(n_draws)]


def test_a_share_of_the_learners_is_drawn():
    counts = np.bincount(np.concatenate(_draws(rate=0.2)), minlength=40)
    np.testing.assert_allclose(counts / 400, 0.2, atol=0.08)
    assert all((np.diff(drawn) > 0).all() for drawn in _draws())


def test_weighted_draws_are_in_proportion_to_scales():
    scales = np.array([0.1, 0.2, 0.3, 0.4])
    counts = np.bincount(np.concatenate(_draws(scales=scales, weighted=True, rate=0.5, n_draws=4000)))
    np.testing.assert_allclose(counts / 4000, 0.5 * 4 * scales, atol=0.03)
    one = np.concatenate(_draws(scales=scales, weighted=True, rate=0.0, one=True, n_draws=4000))
    assert len(one) == 4000
    np.testing.assert_allclose(np.bincount(one) / 4000, scales, atol=0.03)


def test_rounds_are_skipped_and_one_at_least_is_drawn():
    n_empty = sum(len(drawn) == 0 for drawn in _draws(rate=1.0, skip=0.3))
    assert 80 < n_empty < 160
    assert all(len(drawn) == 1 for drawn in _draws(rate=0.0, one=True))
    assert all(len(drawn) == 40 for drawn in _draws(rate=1.0))
    assert _draws(0, one=True, rate=1.0)[0].shape == (0,)


def test_scales_of_xgboost():
    tree, forest = (Dropout(0.1, 0.0, False, False, forest).scales([0, 1, 4], 0.25) for forest in (False, True))
    np.testing.assert_allclose(tree, [[1.0, 1 / 1.25, 4 / 4.25], [1.0, 1 / 1.25, 1 / 4.25]])
    np.testing.assert_allclose(forest, [[1.0, 0.8, 0.8], [1.0, 0.8, 0.8]])


def test_scales_after_some_rounds():
    empty = np.zeros(0, np.int64)
    first = Rescaling(empty, empty, np.array([1.0, 1.0]))
    second = Rescaling(np.array([1]), np.array([0.5]), np.array([1.0, 0.4]))
    np.testing.assert_array_equal(scales_after([first, second]), [1.0, 0.5, 1.0, 0.4])
    assert len(scales_after([])) == 0


def test_trees_of_learners():
    shape = RoundShape(n_learners=3, n_parallel=2)  # trees 0 to 5 in round 0: outputs 0 1 2 0 1 2
    np.testing.assert_array_equal(shape.learner_of(np.arange(12)), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5])
    np.testing.assert_array_equal(shape.trees_of([1, 3]), [1, 4, 6, 9])
    assert shape.trees_of([]).shape == (0,)


# -- rounds that come back -------------------------------------------------------------------------------------------


@every_kind
@every_target
def test_warm_start_is_one_long_fit(estimator, y, own, kind):
    at_once = estimator(**{**DART, **own, **kind}, random_state=0).fit(X, y)
    parts = clone(at_once).set_params(n_estimators=5, warm_start=True).fit(X, y)
    parts = pickle.loads(pickle.dumps(parts)).set_params(n_estimators=12).fit(X, y)
    np.testing.assert_array_equal(_raw(parts), _raw(at_once))
    np.testing.assert_array_equal(parts._booster.additive.added_values, at_once._booster.additive.added_values)


@every_kind
@every_target
def test_stages_are_the_models_of_fewer_rounds(estimator, y, own, kind):
    model = estimator(**{**DART, **own, **kind, "n_estimators": 6}, random_state=0).fit(X, y)
    stages = _stages(model)
    assert len(stages) == model.n_iter_ == 6
    for number, stage in enumerate(stages, 1):
        shorter = clone(model).set_params(n_estimators=number).fit(X, y)
        np.testing.assert_allclose(stage, _raw(shorter), rtol=1e-10, atol=1e-10)


@every_kind
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_early_stopping_gives_back_the_scales_of_the_best_round(estimator, kind):
    y = CLASSES if estimator is classifier else Y
    fit = {"X": X[:140], "y": y[:140]}
    model = estimator(**{**DART, **kind, "n_estimators": 80, "learning_rate": 0.9}, n_iter_no_change=4, random_state=0)
    model.fit(**fit, X_val=X[140:], y_val=y[140:])
    assert 0 < model.n_iter_ == model.validation_score_.argmax() < 76
    shorter = clone(model).set_params(n_estimators=model.n_iter_).fit(**fit)
    np.testing.assert_array_equal(_raw(model), _raw(shorter))
    assert model.apply(X).shape == shorter.apply(X).shape
    more = model.set_params(warm_start=True, n_estimators=model.n_iter_ + 3, early_stopping=False).fit(**fit)
    longer = clone(shorter).set_params(n_estimators=more.n_iter_, early_stopping=False).fit(**fit)
    np.testing.assert_array_equal(_raw(more), _raw(longer))


def test_scores_are_those_of_the_stages():
    model = classifier(**DART, early_stopping=False, random_state=0)
    model.fit(X[:140], CLASSES[:140], X_val=X[140:], y_val=CLASSES[140:])
    losses = [log_loss(CLASSES[140:], stage) for stage in model.staged_predict_proba(X[140:])]
    np.testing.assert_allclose(-model.validation_score_[1:], losses)


def test_warm_start_with_rows_held_out_inside():
    long = regressor(**DART, early_stopping=True, n_iter_no_change=50, random_state=0).fit(X, Y)
    parts = clone(long).set_params(n_estimators=4, warm_start=True).fit(X, Y)
    first = parts.n_iter_
    parts.set_params(n_estimators=12).fit(X, Y)
    assert first > 1
    np.testing.assert_array_equal(_raw(parts), _raw(long))
    np.testing.assert_array_equal(parts.validation_score_, long.validation_score_)


def test_init_score_and_warm_start():
    score = np.linspace(-1, 1, N)
    long = regressor(**DART, random_state=0).fit(X, Y, init_score=score)
    parts = clone(long).set_params(n_estimators=5, warm_start=True).fit(X, Y, init_score=score)
    parts.set_params(n_estimators=12).fit(X, Y, init_score=score)
    np.testing.assert_array_equal(_raw(parts), _raw(long))


@pytest.mark.parametrize(("name", "value"), [("booster", "gbtree"), ("num_parallel_tree", 2)])
def test_rounds_of_another_kind_are_not_added(name, value):
    model = regressor(**DART, warm_start=True).fit(X, Y)
    before = _raw(model)
    model.set_params(n_estimators=20, **{name: value})
    with pytest.raises(ValueError, match=f"{name} must be the same as in the first fit"):
        model.fit(X, Y)
    np.testing.assert_array_equal(_raw(model), before)
    np.testing.assert_allclose(_stages(model)[-1], before)
    assert model.set_params(warm_start=False).fit(X, Y).n_iter_ == 20


# -- the same model --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tree", "trees in parallel"])
@every_target
def test_any_number_of_threads(estimator, y, own, kind, monkeypatch):
    monkeypatch.setattr(_dart, "BLOCK", 64)
    monkeypatch.setattr(_dart, "WORTH_THREADS", 0)
    one = estimator(**{**DART, **own, **KINDS[kind]}, random_state=0, n_jobs=1).fit(X, y)
    for n_jobs in (2, 7):
        several = clone(one).set_params(n_jobs=n_jobs).fit(X, y)
        np.testing.assert_array_equal(_raw(several), _raw(one))
        np.testing.assert_array_equal(_stages(several)[-2], _stages(one)[-2])


@every_kind
@every_target
def test_weight_k_is_k_copies(estimator, y, own, kind):
    weight = np.random.default_rng(1).integers(0, 4, N)
    copies = np.repeat(np.arange(N), weight)
    weighted = estimator(**{**DART, **own, **kind}, random_state=0).fit(X, y, sample_weight=weight)
    repeated = clone(weighted).fit(X[copies], y[copies])
    np.testing.assert_allclose(_raw(weighted), _raw(repeated), rtol=1e-12, atol=1e-12)


def test_seed_decides_what_is_left_out():
    first, second, again = (regressor(**DART, random_state=seed).fit(X, Y) for seed in (0, 1, 0))
    np.testing.assert_array_equal(_raw(first), _raw(again))
    assert (_raw(first) != _raw(second)).any()


@pytest.mark.parametrize("estimator", [NewtonBoostingClassifier, NewtonBoostingRegressor])
def test_dart_learns_with_the_defaults_of_everything_else(estimator):
    y = CLASSES if estimator is NewtonBoostingClassifier else Y
    assert estimator(booster="dart", rate_drop=0.1, random_state=0).fit(X, y).score(X, y) > 0.8


def test_monotone_constraints_hold():
    model = regressor(**DART, monotonic_cst=[1, 0, 0, 0], random_state=0).fit(X, Y)
    grid = np.zeros((50, 4))
    grid[:, 0] = np.linspace(-3, 3, 50)
    assert (np.diff(model.predict(grid)) >= 0).all()


# -- leaves ----------------------------------------------------------------------------------------------------------


def test_leaves_take_as_few_bytes_as_they_need():
    leaf = np.array([0, 5, 255], np.int32)
    for n_nodes, dtype in [(256, np.uint8), (257, np.uint16), (1 << 16, np.uint16), ((1 << 16) + 1, np.int32)]:
        kept = compact(leaf, n_nodes)
        assert kept.dtype == dtype
        assert not np.shares_memory(kept, leaf)
        np.testing.assert_array_equal(kept, leaf)


def test_leaves_of_a_table_are_what_apply_says(monkeypatch):
    monkeypatch.setattr(_dart, "MOST_LEAVES", 0)
    table = np.random.default_rng(0).normal(size=(3000, 4))
    model = regressor(n_estimators=3, max_depth=None).fit(table, table[:, 0] * table[:, 1])
    sizes = np.diff(model._booster.additive.trees.bounds)
    assert sizes.max() > 256
    leaves = compact_leaves(model._booster.additive.layout, sizes, lambda start, stop: table[start:stop], 3000, 2)
    assert {leaf.dtype for leaf in leaves} <= {np.dtype(np.uint8), np.dtype(np.uint16)}
    np.testing.assert_array_equal(np.stack(leaves, axis=1), model.apply(table))


def test_trees_of_many_leaves():
    table = np.random.default_rng(0).normal(size=(600, 4))
    y = table[:, 0] * table[:, 1]
    at_once = regressor(**{**DART, "max_depth": None, "min_child_weight": 0.0}, random_state=0).fit(table, y)
    assert np.diff(at_once._booster.additive.trees.bounds).max() > 256
    parts = clone(at_once).set_params(n_estimators=4, warm_start=True).fit(table, y)
    parts.set_params(n_estimators=12).fit(table, y)
    np.testing.assert_array_equal(parts.predict(table), at_once.predict(table))
