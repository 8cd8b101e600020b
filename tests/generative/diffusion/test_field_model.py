"""What all diffusion and flow models promise, with small fields of trees."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier

from skensemble.generative import DDPM, FlowMatching, MLPField, RectifiedFlow, ScoreSDE, TableEncoder, TreeField
from skensemble.generative.diffusion._field_model import CHUNK
from skensemble.generative.paths._solvers import SOLVERS

FEW = TreeField(n_estimators=20, learning_rate=0.3, max_leaf_nodes=16, early_stopping=False)
MODELS = {
    "DDPM": DDPM(regressor=FEW, n_timesteps=50, random_state=0),
    "ScoreSDE": ScoreSDE(regressor=FEW, random_state=0),
    "FlowMatching": FlowMatching(regressor=FEW, random_state=0),
    "RectifiedFlow": RectifiedFlow(regressor=FEW, random_state=0),
}
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


@pytest.fixture(scope="module")
def mixed():
    """Numbers, integers, categories, booleans, dates, missing cells, a constant."""
    rng = np.random.default_rng(0)
    n = 120
    kind = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    size = rng.normal(size=n) + (kind == "a") * 3.0
    return pd.DataFrame(
        {
            "size": np.where(rng.random(n) < 0.2, np.nan, size.round(2)),
            "count": rng.poisson(3, n),
            "kind": pd.Categorical(kind, categories=["c", "a", "b"]),
            "note": np.where(rng.random(n) < 0.1, None, np.where(size > 1, "large", "small")),
            "flag": size > 0.5,
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "unit": "cm",
        }
    )


@pytest.fixture(scope="module")
def blobs():
    """Two groups of rows and their labels."""
    rng = np.random.default_rng(1)
    y = np.repeat(["left", "right"], 100)
    return rng.normal(size=(200, 2)) + np.where(y == "left", -4.0, 4.0)[:, None] * [1.0, 0.0], y


@every_model
def test_a_mixed_table_comes_back_with_its_columns_and_dtypes(model, mixed):
    sample = clone(model).fit(mixed).sample(50)
    pd.testing.assert_series_equal(sample.dtypes, mixed.dtypes)
    assert set(sample["kind"].dropna()) <= set("abc")
    assert sample["size"].isna().any()  # missing cells are generated
    assert sample["size"].dropna().between(mixed["size"].min(), mixed["size"].max()).all()
    assert (sample["unit"] == "cm").all()
    assert np.isfinite(clone(model).fit(mixed).score(mixed))


@every_model
def test_shares_and_ends_are_those_of_fit(model):
    rng = np.random.default_rng(0)
    n = 1000
    level = rng.choice(4, n, p=[0.7, 0.2, 0.09, 0.01])
    X = pd.DataFrame({"level": level.astype(str), "flag": rng.random(n) < 0.03, "whole": rng.integers(0, 40, n)})
    X["hole"] = np.where(rng.random(n) < 0.05, np.nan, level + rng.normal(size=n))
    sample = clone(model).fit(X).sample(8000)

    def indicators(table):
        ends = [table["whole"] < 1, table["whole"] > 38, table["whole"] < 20, table["hole"].isna(), table["flag"]]
        return pd.DataFrame([*ends, *(table["level"] == each for each in "0123")]).T.astype(float).mean()

    share = indicators(X)
    error = np.sqrt(share * (1 - share) * (1 / n + 1 / 8000))
    assert (np.abs(indicators(sample) - share) < 3.5 * error).all()


@pytest.mark.parametrize("make", [FlowMatching, DDPM])
def test_skewed_amounts_and_modes_keep_their_distribution(make):
    rng = np.random.default_rng(0)
    mode = rng.integers(0, 2, 1000)
    X = pd.DataFrame({"amount": rng.lognormal(size=1000), "level": np.where(mode, "a", "b")})
    X["number"] = np.where(mode, 2.24, -2.24) + rng.normal(size=1000)
    sample = make(regressor=TreeField(n_estimators=60), random_state=0).fit(X).sample(4000)
    assert ks_2samp(sample["amount"], X["amount"]).statistic < 0.06
    assert sample["number"].std() == pytest.approx(X["number"].std(), rel=0.04)
    within, real = (table.groupby("level")["number"] for table in (sample, X))
    np.testing.assert_allclose(within.mean(), real.mean(), atol=0.25)
    np.testing.assert_allclose(within.std(), real.std(), rtol=0.2)


@every_model
def test_an_array_comes_back_as_an_array(model, blobs):
    X, _ = blobs
    sample = clone(model).fit(X.astype(np.float32)).sample(7)
    assert sample.shape == (7, 2)
    assert sample.dtype == np.float32


@every_model
def test_labels_decide_what_is_sampled(model, blobs):
    X, y = blobs
    model = clone(model).fit(X, y)
    assert model.classes_.tolist() == ["left", "right"]
    assert (model.sample(60, y="left")[:, 0] < 0).mean() > 0.9
    labels = np.repeat(["right", "left"], 30)
    assert ((model.sample(60, y=labels)[:, 0] > 0) == (labels == "right")).mean() > 0.9
    sample, drawn = model.sample_labeled(60)
    assert np.unique(drawn, return_counts=True)[1].tolist() == [30, 30]
    assert ((sample[:, 0] > 0) == (drawn == "right")).mean() > 0.9
    assert model.score(X, y) > model.score(X, y[::-1]) + 1.0
    assert model.score(X, y) > model.score(X)  # the label is worth log 2


def test_numbers_can_be_conditioned_on():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 1))
    y = 2.0 * X[:, 0] + 0.1 * rng.normal(size=400)
    model = FlowMatching(random_state=0).fit(X, y)
    assert model.sample(100, y=2.0).mean() == pytest.approx(1.0, abs=0.25)
    assert not hasattr(model, "classes_")


def test_guidance_makes_samples_purer(blobs):
    X, y = blobs
    model = FlowMatching(regressor=FEW, random_state=0).fit(X * [0.25, 1.0], y)
    means = [model.sample(200, y="right", guidance_scale=scale)[:, 0].mean() for scale in (0.0, 1.0, 3.0)]
    assert means[0] < means[1] < means[2]


def test_a_classifier_guides_a_model_without_labels(blobs):
    X, y = blobs
    model = FlowMatching(regressor=FEW, random_state=0).fit(X)
    classifier = LogisticRegression().fit(model.encoder_.transform(X), y)
    guided = model.sample(100, y="left", classifier=classifier, guidance_scale=3.0)
    assert (guided[:, 0] < 0).mean() > 0.9
    with pytest.raises(TypeError, match="classifier must have a smooth predict_log_proba"):
        model.sample(3, y="left", classifier=DecisionTreeClassifier().fit(X, y))


@every_model
def test_samples_do_not_depend_on_threads_and_are_repeatable(model, blobs):
    X, _ = blobs
    samples = [clone(model).set_params(n_jobs=n_jobs).fit(X).sample(30) for n_jobs in (1, 2, 7)]
    assert np.array_equal(samples[0], samples[1])
    assert np.array_equal(samples[0], samples[2])
    fitted = pickle.loads(pickle.dumps(clone(model).fit(X)))
    assert np.array_equal(fitted.sample(30), samples[0])
    assert not np.array_equal(fitted.sample(30, random_state=1), samples[0])


def test_samples_do_not_depend_on_chunks(blobs, monkeypatch):
    X, _ = blobs
    model = DDPM(regressor=FEW, n_timesteps=20, random_state=0).fit(X)
    whole = model.sample(700)
    monkeypatch.setattr("skensemble.generative.diffusion._field_model.CHUNK", 100)
    assert CHUNK > 700
    assert np.array_equal(model.sample(700), whole)


@every_model
@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_samples_or_says_why_not(model, solver, blobs):
    X, _ = blobs
    model = clone(model).fit(X)
    if SOLVERS[solver]().misfit(model._path):
        with pytest.raises(ValueError, match="solver must fit path"):
            model.sample(20, solver=solver)
    else:
        assert np.isfinite(model.sample(20, solver=solver, n_steps=6)).all()


@every_model
def test_decode_undoes_encode(model, blobs):
    X, _ = blobs
    model = clone(model).fit(X)
    latents = model.encode(X[:50], n_steps=40)
    assert latents.shape == (50, 2)
    error = np.abs(model.decode(latents, n_steps=40) - X[:50]).mean()
    assert error < 0.5 * np.abs(X[:50] - X[:50].mean(axis=0)).mean()


def test_known_cells_are_kept_and_decide_the_others(mixed):
    model = FlowMatching(mask_share=0.5, random_state=0).fit(mixed)
    sample = model.sample(60, condition={"kind": "a", "size": 3.5})
    assert (sample["kind"] == "a").all()
    assert np.allclose(sample["size"], 3.5)
    assert (sample["note"].dropna() == "large").mean() > 0.8
    row = mixed.iloc[[0]].assign(count=2)
    sample = model.sample(5, condition=row)
    assert (sample["count"] == 2).all()


def test_known_cells_outside_the_range_are_kept(mixed):
    model = FlowMatching(regressor=FEW, mask_share=0.5, random_state=0).fit(mixed)
    given = {"count": 99, "day": pd.Timestamp("1999-01-01 12:00")}
    row = mixed.iloc[[0]].assign(**given)
    for table in (
        model.sample(5, condition=given),
        model.sample(5, condition=row),
        model.impute(row.assign(note=None)),
    ):
        assert (table["count"] == 99).all()
        assert (table["day"] == given["day"]).all()
    other = mixed.iloc[:5].assign(count=[99.0, np.nan, 1, 2, 3])  # another dtype than in fit
    assert model.impute(other)["count"].tolist()[::2] == [99, 1, 3]
    with pytest.raises(ValueError, match="Known cells must be whole numbers from .* in column 'count'.*got 0.5"):
        model.sample(2, condition={"count": 0.5})
    with pytest.raises(ValueError, match="Known cells must be values of column 'kind' in fit"):
        model.sample(2, condition={"kind": "z"})


@every_model
def test_held_out_rows_with_new_levels_and_missing_cells_have_a_density(model, mixed):
    """One such row must not take the score of a fold, and of a grid search with it."""
    labels = np.array(["x", "y"])[np.arange(len(mixed)) % 2]
    model = clone(model).fit(mixed, labels)
    usual = mixed.iloc[:2].assign(note="small")
    new = usual.assign(
        count=pd.Series([1, None], dtype="Int64"), note="new", flag=pd.Series([None, True], dtype=object)
    )
    assert np.isfinite(model.score_samples(new)).all()
    scores = model.score_samples(usual)
    assert (model.score_samples(usual.assign(note="new")) < scores).all()
    assert model.score_samples(usual, ["z", None]) == pytest.approx(scores)


@pytest.mark.parametrize("regressor", [FEW, MLPField(hidden_layer_sizes=(4,), max_steps=2)])
def test_rows_whose_density_overflows_have_minus_infinity(regressor, blobs):
    model = FlowMatching(regressor=regressor, random_state=0).fit(blobs[0])
    found = model.score_samples(np.vstack([[[1e300, 0.0], [0.0, -1.7e308]], blobs[0][:2]]))
    np.testing.assert_array_equal(np.isfinite(found), [False, False, True, True])
    assert found.max() < np.inf


def test_cross_validation_of_one_missing_cell_is_finite():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=120), "b": rng.normal(size=120), "hole": np.nan})
    X.loc[5, "a"] = np.nan
    X["rare"] = np.where(X.index == 70, "once", "often")
    assert np.isfinite(cross_val_score(FlowMatching(regressor=FEW, random_state=0), X, cv=3)).all()
    assert FlowMatching(regressor=FEW, random_state=0).fit(X).sample(10)["hole"].isna().all()


def test_labels_of_pandas_come_back_with_their_dtype(blobs):
    X, y = blobs
    for labels in (pd.Series(y, dtype="category"), pd.Series(np.where(y == "left", 1, 2), dtype="Int64")):
        drawn = FlowMatching(regressor=FEW, random_state=0).fit(X, labels).sample_labeled(10)[1]
        assert drawn.dtype == labels.dtype
        assert set(drawn) == set(labels)


def test_imputation_fills_missing_cells_and_keeps_the_others(mixed):
    model = FlowMatching(mask_share=0.7, random_state=0).fit(mixed)
    completed = model.impute(mixed)
    assert not completed.isna().any().any()
    pd.testing.assert_series_equal(completed.dtypes, mixed.dtypes)
    known = mixed.notna()
    assert (completed.astype(object).where(known, "x") == mixed.astype(object).where(known, "x")).all().all()
    several = model.impute(mixed, n_imputations=3)
    spread = np.std([table["size"] for table in several], axis=0)
    assert spread[known["size"]].max() < 1e-9
    assert (spread[~known["size"]] > 0.01).any()


def test_imputation_of_arrays_uses_what_is_known():
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    X = np.stack([x, x + 0.1 * rng.normal(size=400)], axis=1)
    model = FlowMatching(mask_share=0.7, random_state=0).fit(X)
    holes = X[:100].copy()
    holes[:, 1] = np.nan
    assert np.abs(model.impute(holes)[:, 1] - x[:100]).mean() < 0.35


def test_impute_needs_masks(blobs):
    X, _ = blobs
    model = FlowMatching(regressor=FEW).fit(X)
    with pytest.raises(ValueError, match="mask_share must be > 0 when the model is fitted"):
        model.impute(X)
    with pytest.raises(ValueError, match="mask_share must be > 0 when the model is fitted"):
        model.sample(2, condition={0: 1.0})


@pytest.mark.parametrize("regressor", [Ridge(), MLPField(hidden_layer_sizes=(16, 16), max_steps=100)], ids=repr)
def test_other_regressors_serve_as_fields(regressor, blobs):
    X, y = blobs
    model = FlowMatching(regressor=regressor, random_state=0).fit(X, y)
    assert np.isfinite(model.sample(20, y="left")).all()
    assert model.likelihood_ == ("ode" if isinstance(regressor, MLPField) else model.likelihood_)
    assert np.isfinite(model.score(X, y))


def test_a_grid_search_compares_models_by_their_likelihood():
    X = load_iris().data
    grid = {"regressor": [TreeField(n_estimators=1), TreeField(n_estimators=60)], "path": ["linear"]}
    folds = KFold(3, shuffle=True, random_state=0)
    search = GridSearchCV(FlowMatching(random_state=0), grid, cv=folds).fit(X)
    assert search.best_params_["regressor"].n_estimators == 60
    assert search.best_estimator_.sample(3).shape == (3, 4)


EXTREMES = {
    "two rows": np.array([[0.0, 1.0], [2.0, 5.0]]),
    "one column": np.arange(20.0)[:, None],
    "constant columns": np.ones((10, 3)),
    "a thousand categories": pd.DataFrame({"name": [f"n{i}" for i in range(1000)] * 2}),
    "one category": pd.DataFrame({"name": ["x"] * 10, "size": np.arange(10.0)}),
}


@every_model
@pytest.mark.parametrize("X", EXTREMES.values(), ids=EXTREMES)
def test_extreme_tables_work(model, X):
    model = clone(model).fit(X)
    assert model.sample(4).shape == (4, X.shape[1])
    assert np.isfinite(model.score_samples(X)).all()


def test_weights_count_as_copies_of_rows(blobs):
    X, y = blobs
    weight = np.where(y == "left", 1.0, 0.0)
    sample = FlowMatching(regressor=FEW, random_state=0).fit(X, sample_weight=weight).sample(100)
    assert (sample[:, 0] < 0.0).all()


def test_verbose_prints_rounds(blobs, capsys):
    FlowMatching(regressor=FEW, verbose=1).fit(blobs[0])
    assert capsys.readouterr().out.splitlines()[-1].startswith("[20/20] ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "n_samples must be an int >= 1, got 0"),
        ({"solver": "rk9"}, "solver must be 'ddpm', .* got 'rk9'"),
        ({"solver": "euler_maruyama"}, "solver must fit path 'linear', got 'euler_maruyama'"),
        ({"n_steps": 0}, "n_steps must be an int >= 1, got 0"),
        ({"guidance_scale": 2.0}, "guidance_scale must be 1 for a model that was fitted without labels"),
        ({"y": "left"}, "y must be None for a model that was fitted without labels, got 'left'"),
        ({"eta": 0.5}, "eta must be left out unless solver is 'ddim'"),
        ({"classifier": LogisticRegression()}, "y must be the label to which classifier guides, got None"),
        ({"random_state": "x"}, "random_state must be None"),
    ],
)
def test_bad_arguments_of_sample(arguments, message, blobs):
    model = FlowMatching(regressor=FEW).fit(blobs[0])
    with pytest.raises(ValueError, match=message):
        model.sample(**{"n_samples": 2, **arguments})
    assert model.sample(2).shape == (2, 2)  # still usable


def test_labels_that_were_not_seen(blobs):
    model = FlowMatching(regressor=FEW).fit(*blobs)
    with pytest.raises(ValueError, match=r"y must hold labels that were seen in fit \('left', 'right'\), got 'up'"):
        model.sample(2, y="up")
    with pytest.raises(ValueError, match="y must be given to fit for labelled samples"):
        FlowMatching(regressor=FEW).fit(blobs[0]).sample_labeled(2)


@every_model
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.array([[1.0, np.inf], [2.0, 3.0]]), "finite|infinity"),
        (np.empty((0, 2)), "0 sample"),
    ],
    ids=["infinite", "no rows"],
)
def test_bad_tables_leave_the_model_as_it_was(model, X, message, blobs):
    model = clone(model).fit(blobs[0])
    before = model.sample(3)
    with pytest.raises(ValueError, match=message):
        model.fit(X)
    assert np.array_equal(model.sample(3), before)


def test_the_encoder_can_be_chosen(mixed):
    model = FlowMatching(regressor=FEW, encoder=TableEncoder(numeric="quantile"), random_state=0).fit(mixed)
    assert model.encoder_.numeric == "quantile"
    assert model.sample(5).shape == (5, 7)


def test_progress_bars_see_every_round(blobs, capsys):
    callback = pytest.importorskip("sklearn.callback")  # scikit-learn >= 1.9
    pytest.importorskip("rich")
    model = FlowMatching(regressor=FEW).set_callbacks(callback.ProgressBar())
    model.fit(blobs[0])
    assert "FlowMatching - fit" in capsys.readouterr().out
