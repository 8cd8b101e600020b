"""Every estimator on tables of several blocks: as many threads as one likes make the same model, and none waits for
ever.

The sizes of blocks are made small, so that a few hundred rows are many blocks for several threads.
"""

import sys

import numpy as np
import pytest
from sklearn.base import clone

from skensemble import (
    DDPM,
    AdaBoostClassifier,
    AdaBoostRegressor,
    DecisionTreeRegressor,
    DensityOutlierDetector,
    ExtraTreesClassifier,
    FlowMatching,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    NewtonBoostingClassifier,
    NewtonBoostingRanker,
    NewtonBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    RectifiedFlow,
    ScoreSDE,
    _parallel,
)
from skensemble.generative import TableEncoder, TreeField, evaluate
from tests.deadlocks import in_time

N_THREADS = 3
N_ROWS = 600
COMPILING = 600  # seconds: kernels may have to be compiled first
SMALL = {
    "GRADIENT_BLOCK": 50, "ROW_BLOCK": 64, "MOVE_BLOCK": 64, "QUERY_BLOCK": 32, "RANK_BLOCK": 128, "BLOCK_CELLS": 64,
    "PREDICTED_TOGETHER": 64, "ROWS_PER_BLOCK": 32, "_BLOCK": 64, "FIT_WORK": 1, "SIDE_WORK": 1, "TEAM_WORK": 1,
    "CELLS_FOR_THREADS": 1, "SHARED_CELLS": 1, "FEW_ROWS": 1, "WORTH_THREADS": 1,
}  # fmt: skip


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Where blocks are handed out; what kernels know of sizes stays as it was compiled."""
    for name, module in list(sys.modules.items()):
        if name.startswith("skensemble.") and (hasattr(module, "for_blocks") or hasattr(module, "thread_pool")):
            for constant, size in SMALL.items():
                if hasattr(module, constant):
                    monkeypatch.setattr(module, constant, size)
            if hasattr(module, "_useful_threads"):
                monkeypatch.setattr(module, "_useful_threads", lambda *args: args[-1])


@pytest.fixture
def pools(monkeypatch):
    """Sizes of the pools that were asked for."""
    sizes, pool = [], _parallel._pool

    def counted(n_threads, kind):
        sizes.append(n_threads)
        return pool(n_threads, kind)

    monkeypatch.setattr(_parallel, "_pool", counted)
    return sizes


RNG = np.random.default_rng(0)
X = RNG.normal(size=(N_ROWS, 4))
X[RNG.random(X.shape) < 0.05] = np.nan
FILLED = np.nan_to_num(X)
NUMBER = np.abs(FILLED[:, 0] * FILLED[:, 1] + RNG.normal(size=N_ROWS)) + 0.1
LABEL = np.digitize(FILLED[:, 0] + 0.3 * RNG.normal(size=N_ROWS), [-0.5, 0.5])
GRADE = LABEL.astype(float)
QUERY = np.arange(N_ROWS) // 5
WEIGHT = RNG.random(N_ROWS) + 0.5


def half_squares(y, raw, sample_weight):
    weight = 1.0 if sample_weight is None else sample_weight
    return (raw - y) * weight, np.ones_like(raw) * weight


BOOSTERS = {
    "trees": {},
    "trees, exact": {"max_bins": None, "grow_policy": "lossguide", "subsample": 1.0},
    "goss": {"sampling_method": "goss"},
    "parallel trees": {"num_parallel_tree": 2},
    "dart": {"booster": "dart", "rate_drop": 0.5, "one_drop": True},
    "linear": {"booster": "gblinear"},
    "linear leaves": {"linear_leaves": True},
}
FEW = {"n_estimators": 4, "random_state": 0}
TREES = {"n_estimators": 24, "random_state": 0}
FIELD = TreeField(n_estimators=8, n_iter_no_change=3)
LEVELS = TreeField(n_estimators=3, time_mode="per_level", n_levels=4, early_stopping=False)


def newton(estimator, y, **settings):
    """What a booster of Newton steps predicts, on the way as well as at the end."""

    def run(n_jobs):
        fit = {"group": np.full(N_ROWS // 5, 5)} if estimator is NewtonBoostingRanker else {}
        model = estimator(**(FEW | settings), n_jobs=n_jobs, early_stopping=False)
        model.fit(X, y, sample_weight=None if fit else WEIGHT, **fit)
        return [*model.staged_predict(X), model.predict(X), model.feature_importances_]

    return run


def of_model(model, y, *questions, **fit):
    def run(n_jobs):
        fitted = clone(model).set_params(n_jobs=n_jobs).fit(X, y, **fit)
        return [question(fitted) for question in questions]

    return run


def predicted(model):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def staged(model):
    return np.array([*model.staged_predict(X)])


def of_samples(model, y=None, **options):
    def run(n_jobs):
        fitted = clone(model).set_params(n_jobs=n_jobs).fit(FILLED, y)
        return [fitted.sample(300, n_steps=3, random_state=0, **options), fitted.score_samples(FILLED[:20])]

    return run


def of_imputation(n_jobs):
    model = FlowMatching(regressor=FIELD, mask_share=0.5, random_state=0, n_jobs=n_jobs).fit(FILLED)
    return [model.impute(X, n_steps=3, random_state=0)]


def of_guidance(n_jobs):
    """A classifier of our own trees is asked at every step."""
    model = FlowMatching(regressor=FIELD, random_state=0, n_jobs=n_jobs).fit(FILLED)
    classifier = NewtonBoostingClassifier(**FEW, n_jobs=n_jobs).fit(model.encoder_.transform(FILLED), LABEL)
    options = {"classifier": classifier, "smoothing": 0.5, "n_steps": 2, "random_state": 0}
    return [model.sample(100, y=1, **options)]


def of_outliers(n_jobs):
    model = DensityOutlierDetector(FlowMatching(regressor=FIELD, random_state=0, n_jobs=n_jobs)).fit(FILLED[:100])
    return [model.decision_function(FILLED[:20])]


def of_plain_regressor(n_jobs):
    """A forest of ours learns the field."""
    forest = RandomForestRegressor(n_estimators=4, min_samples_leaf=20, random_state=0, n_jobs=n_jobs)
    model = DDPM(regressor=forest, encoder=TableEncoder(), random_state=0, n_jobs=n_jobs).fit(FILLED)
    return [model.sample(100, n_steps=3, random_state=0)]


def of_evaluation(n_jobs):
    tables = FILLED[:200], FILLED[200:400], FILLED[400:]
    return [evaluate(*tables, target=0, random_state=0, n_jobs=n_jobs).table.drop(columns="better").to_numpy(float)]


def of_nested_ensembles(n_jobs):
    """Boosters around boosters and forests of ours."""
    inner = NewtonBoostingClassifier(**FEW, n_jobs=n_jobs)
    boosted = AdaBoostClassifier(inner, n_estimators=2, random_state=0, n_jobs=n_jobs).fit(X, LABEL)
    begun = GradientBoostingRegressor(
        **FEW, init=RandomForestRegressor(**TREES, n_jobs=n_jobs), subsample=0.7, n_jobs=n_jobs
    ).fit(X, NUMBER)
    return [boosted.predict_proba(X), begun.predict(X)]


def of_loss_that_predicts(n_jobs):
    forest = RandomForestRegressor(**TREES, n_jobs=n_jobs).fit(X, NUMBER)

    def loss(y, raw, sample_weight):
        gradient, hessian = half_squares(y, raw, sample_weight)
        return gradient + 0.1 * (raw - forest.predict(X)), hessian

    return newton(NewtonBoostingRegressor, NUMBER, loss=loss)(n_jobs)


NEWTON = {
    "newton classifier": (NewtonBoostingClassifier, LABEL),
    "newton regressor": (NewtonBoostingRegressor, NUMBER),
    "newton ranker": (NewtonBoostingRanker, GRADE),
}
LOSSES = "absolute_error", "huber", "quantile", "poisson", "gamma", "tweedie", "pseudo_huber", "expectile"
CASES = {
    **{
        f"{kind}, {booster}": newton(estimator, y, **settings)
        for kind, (estimator, y) in NEWTON.items()
        for booster, settings in BOOSTERS.items()
    },
    **{
        f"newton ranker, {loss}, {booster}": newton(NewtonBoostingRanker, GRADE, loss=loss, booster=booster)
        for loss in ("rank:pairwise", "rank:map")
        for booster in ("gbtree", "gblinear")
    },
    **{f"newton regressor, {loss}": newton(NewtonBoostingRegressor, NUMBER, loss=loss) for loss in LOSSES},
    **{
        f"newton regressor, {name}, linear": newton(NewtonBoostingRegressor, NUMBER, loss=loss, booster="gblinear")
        for name, loss in (("absolute_error",) * 2, ("quantile",) * 2, ("own loss", half_squares))
    },
    "newton regressor, own loss": newton(NewtonBoostingRegressor, NUMBER, loss=half_squares),
    "newton regressor, own loss that predicts": of_loss_that_predicts,
    "newton regressor, one tree for all": newton(
        NewtonBoostingRegressor, np.column_stack([NUMBER, GRADE]), multi_strategy="multi_output_tree"
    ),
    **{
        f"gradient boosting, {loss}": of_model(
            GradientBoostingRegressor(**FEW, loss=loss, subsample=0.7), NUMBER, predicted, staged
        )
        for loss in ("squared_error", "absolute_error", "huber", "quantile")
    },
    "gradient boosting, classes": of_model(GradientBoostingClassifier(**FEW), LABEL, predicted, staged),
    "gradient boosting, exact": of_model(GradientBoostingClassifier(**FEW, max_bins=None), LABEL, predicted),
    "adaboost": of_model(AdaBoostClassifier(**TREES), LABEL, predicted, staged),
    "adaboost, regression": of_model(AdaBoostRegressor(**TREES), NUMBER, predicted, staged),
    "adaboost, own trees": of_model(
        AdaBoostRegressor(DecisionTreeRegressor(max_depth=3), **TREES), NUMBER, predicted, staged
    ),
    "forest": of_model(
        RandomForestClassifier(**TREES, oob_score=True, importance_type="permutation"), LABEL, predicted,
        lambda model: model.oob_decision_function_, lambda model: model.feature_importances_,
        lambda model: model.proximities(X),
    ),
    "forest, regression": of_model(
        RandomForestRegressor(**TREES, oob_score=True, keep_leaf_rows=True), NUMBER, predicted,
        lambda model: model.predict_quantiles(X, oob=True), lambda model: model.apply(X),
    ),
    "extra trees": of_model(ExtraTreesClassifier(**TREES, bootstrap=True, oob_score=True), LABEL, predicted),
    "flow matching, labels": of_samples(FlowMatching(regressor=FIELD, random_state=0), LABEL, guidance_scale=2.0),
    "diffusion, a forest for each level": of_samples(DDPM(regressor=LEVELS, n_timesteps=4, random_state=0)),
    "score": of_samples(ScoreSDE(regressor=FIELD, random_state=0)),
    "rectified flow": of_samples(RectifiedFlow(regressor=FIELD, random_state=0)),
    "imputation": of_imputation,
    "guidance by a classifier": of_guidance,
    "outliers": of_outliers,
    "field of a forest": of_plain_regressor,
    "evaluation": of_evaluation,
    "ensembles in ensembles": of_nested_ensembles,
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_threads_make_the_model_of_one(name, pools):
    alone = CASES[name](1)
    assert pools == []
    together = in_time(lambda: CASES[name](N_THREADS), COMPILING)
    assert N_THREADS in pools
    assert len(alone) == len(together)
    for one, other in zip(alone, together):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["newton ranker, linear", "forest", "flow matching, labels"])
def test_a_worker_makes_the_model_alone(name, pools):
    """Fitted by a worker of the very pool that its fit would use."""
    pool = _parallel.thread_pool(N_THREADS)
    pools.clear()
    futures = [pool.submit(CASES[name], N_THREADS) for _ in range(N_THREADS)]
    results = in_time(lambda: [future.result() for future in futures], COMPILING)
    assert pools == []
    for result in results:
        for one, other in zip(CASES[name](1), result):
            np.testing.assert_array_equal(one, other)
