"""Flows as estimators: densities are densities, latents lead back, labels condition, tables come back as they were."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal
from sklearn.base import clone
from sklearn.model_selection import KFold, cross_val_score

from skensemble.generative.flows._normalizing_flows import (
    NICE,
    Glow,
    MaskedAutoregressiveFlow,
    NeuralSplineFlow,
    RealNVP,
)

FLOWS = [NICE, RealNVP, Glow, NeuralSplineFlow, MaskedAutoregressiveFlow]
SMALL = {"n_layers": 4, "hidden_layer_sizes": (16, 16), "max_epochs": 30, "random_state": 0}

every_flow = pytest.mark.parametrize("flow", FLOWS)


def _two_moons(n_rows=600, seed=0):
    rng = np.random.default_rng(seed)
    angle, side = rng.uniform(0.0, np.pi, n_rows), rng.integers(2, size=n_rows)
    x = np.column_stack([np.cos(angle) + side, np.sin(angle) * (1 - 2 * side) + 0.5 * side])
    return x + rng.normal(scale=0.1, size=x.shape), side


def _grid(low, high, n_steps=150):
    axes = np.linspace(low, high, n_steps)
    cell = ((high - low) / (n_steps - 1)) ** 2
    return np.stack(np.meshgrid(axes, axes), axis=-1).reshape(-1, 2), cell


@every_flow
def test_density_integrates_to_one_and_beats_a_gaussian(flow):
    X, _ = _two_moons()
    model = flow(**SMALL).fit(X)
    grid, cell = _grid(-4.0, 5.0)
    assert_allclose(np.exp(model.score_samples(grid)).sum() * cell, 1.0, atol=0.03)
    held_out, _ = _two_moons(500, seed=1)
    gaussian = multivariate_normal(X.mean(axis=0), np.cov(X.T)).logpdf(held_out).mean()
    assert model.score(held_out) > gaussian
    assert model.likelihood_ == "exact"


def _levels(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    level = rng.choice(5, n_rows, p=[0.5, 0.3, 0.15, 0.04, 0.01])
    number = rng.normal(size=n_rows) + level
    return pd.DataFrame(
        {
            "level": np.array(list("abcde"))[level],
            "flag": rng.random(n_rows) < 0.02,
            "hole": np.where(rng.random(n_rows) < 0.05, np.nan, number),
            "few": rng.poisson(0.5 + 0.3 * level),
        }
    )


@every_flow
def test_shares_of_levels_flags_and_missing_cells_are_those_of_fit(flow):
    X = _levels(1500)
    sample = flow(**SMALL).set_params(max_epochs=3).fit(X).sample(10_000)
    for column in (X["level"], X["flag"], X["few"], X["hole"].isna()):
        share = column.value_counts(normalize=True)
        found = sample[column.name] if column.name != "hole" else sample["hole"].isna()
        found = found.value_counts(normalize=True).reindex(share.index, fill_value=0.0)
        assert (np.abs(found - share) < 3.5 * np.sqrt(share * (1 - share) * (1 / 1500 + 1 / 10_000))).all()


@pytest.mark.parametrize("flow", [RealNVP, NeuralSplineFlow])
def test_probabilities_of_levels_add_up_to_one_and_are_those_of_samples(flow):
    X = _levels(1500)[["level", "few"]]
    model = flow(**SMALL).fit(X)
    levels = pd.MultiIndex.from_product([list("abcde"), range(X["few"].max() + 1)], names=X.columns)
    found = np.exp(model.score_samples(levels.to_frame(index=False)))
    assert found.sum() == pytest.approx(1.0, abs=0.01)
    drawn = model.sample(20_000, random_state=1).value_counts(normalize=True).reindex(levels, fill_value=0.0)
    assert_allclose(found, drawn, atol=0.03)


def test_probabilities_of_levels_add_up_to_one_given_labels_and_cells():
    X = _levels(300)[["level", "flag"]]
    label = np.where(np.arange(300) % 3 == 0, "a", "b")
    levels = pd.MultiIndex.from_product([list("abcde"), sorted(X["flag"].unique())], names=X.columns)
    levels = levels.to_frame(index=False)
    labelled = RealNVP(**{**SMALL, "max_epochs": 2}).fit(X, label)
    for given in (None, "a"):
        assert np.exp(labelled.score_samples(levels, given)).sum() == pytest.approx(1.0, abs=0.01)
    together = labelled.score_samples(X.iloc[:4], label[:4])
    assert_array_equal(together, [labelled.score_samples(X.iloc[[i]], label[[i]])[0] for i in range(4)])
    given_flag = RealNVP(condition_columns=["flag"], **{**SMALL, "max_epochs": 2}).fit(X)
    shares = pd.Series(np.exp(given_flag.score_samples(levels))).groupby(levels["flag"]).sum()
    assert_allclose(shares, 1.0, atol=0.01)


@every_flow
def test_latents_lead_back(flow):
    X, _ = _two_moons()
    model = flow(**SMALL).fit(X)
    assert_allclose(model.inverse_transform(model.transform(X)), X, atol=1e-3)


@pytest.mark.parametrize("base", ["normal", "logistic", "student_t"])
def test_density_integrates_to_one_on_every_base(base):
    X, _ = _two_moons()
    model = RealNVP(**SMALL, base=base).fit(X)
    grid, cell = _grid(-8.0, 9.0, 200)
    assert_allclose(np.exp(model.score_samples(grid)).sum() * cell, 1.0, atol=0.03)


def test_affine_flows_have_heavy_tails_by_default():
    assert {flow.__name__: flow().base for flow in FLOWS} == {
        "NICE": "normal",
        "RealNVP": "student_t",
        "Glow": "student_t",
        "NeuralSplineFlow": "normal",
        "MaskedAutoregressiveFlow": "student_t",
    }


@pytest.mark.parametrize("flow", [RealNVP, Glow, MaskedAutoregressiveFlow])
def test_a_row_far_out_does_not_outweigh_the_others(flow):
    X, _ = _two_moons()
    model = flow(**SMALL).fit(X)
    assert model.score_samples([[1000.0, -1000.0]])[0] > -200.0


@every_flow
def test_rows_that_overflow_have_no_density(flow):
    model = flow(n_layers=2, max_epochs=1, random_state=0).fit(_two_moons(50)[0])
    assert model.score_samples([[1e30, 0.0], [1e160, 0.0], [-1e300, 1e300]]).tolist() == [-np.inf] * 3


@every_flow
def test_a_single_column_has_its_own_shape(flow):
    rng = np.random.default_rng(0)
    X = (rng.choice([-3.0, 3.0], 1000) + 0.3 * rng.normal(size=1000))[:, np.newaxis]
    model = flow(**SMALL).fit(X)
    assert model.score_samples([[3.0]])[0] > model.score_samples([[0.0]])[0] + 2.0
    assert np.mean(np.abs(model.sample(1000)) < 1.5) < 0.1
    axis = np.linspace(-30.0, 30.0, 4000)[:, np.newaxis]
    assert_allclose(np.exp(model.score_samples(axis)).sum() * (axis[1, 0] - axis[0, 0]), 1.0, atol=0.03)


@every_flow
@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_few_rows_are_enough(flow, n_rows):
    X = np.random.default_rng(0).normal(size=(3, 3))
    model = flow(n_layers=2, max_epochs=2, random_state=0).fit(X[:n_rows])
    assert np.isfinite(model.score_samples(X)).all()
    assert np.isfinite(model.sample(10)).all()


def test_density_of_gaussian_rows_is_theirs():
    rng = np.random.default_rng(0)
    mean, covariance = np.array([3.0, -2.0]), np.array([[2.0, 1.2], [1.2, 1.0]])
    X = rng.multivariate_normal(mean, covariance, 2000)
    model = Glow(**SMALL).fit(X)
    truth = multivariate_normal(mean, covariance).logpdf(X[:500])
    assert abs(np.mean(model.score_samples(X[:500]) - truth)) < 0.05


def test_samples_look_like_the_rows():
    X, _ = _two_moons(1000)
    sample = NeuralSplineFlow(**SMALL).fit(X).sample(2000)
    assert_allclose(sample.mean(axis=0), X.mean(axis=0), atol=0.1)
    assert_allclose(np.cov(sample.T), np.cov(X.T), atol=0.1)


def test_labels_condition():
    X, y = _two_moons()
    model = RealNVP(**SMALL).fit(X, np.array(["upper", "lower"])[y])
    own = model.score_samples(X, np.array(["upper", "lower"])[y])
    other = model.score_samples(X, np.array(["upper", "lower"])[1 - y])
    assert own.mean() > other.mean() + 1.0
    shares = np.log([np.mean(y == 1), np.mean(y == 0)])  # lower, upper
    joint = np.column_stack([model.score_samples(X, label) for label in model.classes_]) + shares
    assert_allclose(model.score_samples(X), np.logaddexp(*joint.T), rtol=1e-6)
    upper = model.sample(300, y="upper")
    assert abs(upper[:, 0].mean() - X[y == 0, 0].mean()) < 0.15
    assert_allclose(model.inverse_transform(model.transform(X, "upper"), "upper"), X, atol=1e-2)


@pytest.mark.parametrize("flow", [RealNVP, NeuralSplineFlow])
def test_labels_are_drawn_with_the_rows(flow):
    X, y = _two_moons(300)
    model = flow(n_layers=2, max_epochs=20, random_state=0).fit(X, np.array(["upper", "lower"])[y])
    drawn, labels = model.sample_labeled(400, random_state=1)
    assert_array_equal(drawn, model.sample(400, random_state=1))  # sample without labels: the same draw
    assert_array_equal(drawn, model.sample_labeled(400, random_state=1)[0])
    assert abs(np.mean(labels == "upper") - np.mean(y == 0)) < 0.01
    for label, own in (("upper", 0), ("lower", 1)):
        assert abs(drawn[labels == label, 0].mean() - X[y == own, 0].mean()) < 0.3


def test_labels_are_drawn_with_given_cells():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    X = np.column_stack([y + 0.01 * rng.normal(size=400), rng.normal(size=400)])
    model = RealNVP(n_layers=2, max_epochs=1, condition_columns=[0], random_state=0).fit(X, y)
    drawn, labels = model.sample_labeled(400, condition=X)
    assert_allclose(drawn[:, 0], X[:, 0])
    assert np.mean(labels == y) > 0.95


def test_numbers_are_drawn_with_the_rows():
    y = np.random.default_rng(0).normal(size=300)
    _, drawn = NICE(n_layers=2, max_epochs=1, random_state=0).fit(y[:, np.newaxis], y).sample_labeled(300)
    assert set(drawn) <= set(y)
    assert abs(drawn.mean() - y.mean()) < 0.05


def test_labels_are_refused_without_labels():
    model = RealNVP(n_layers=2, max_epochs=1).fit(_two_moons(50)[0])
    with pytest.raises(ValueError, match="y must be given to fit"):
        model.sample_labeled(2)


def test_numbers_condition_and_must_be_given():
    rng = np.random.default_rng(0)
    y = rng.normal(size=800)
    X = y[:, np.newaxis] * 3.0 + rng.normal(size=(800, 1))
    model = RealNVP(**SMALL).fit(X, y)
    assert model.sample(400, y=2.0).mean() == pytest.approx(6.0, abs=0.4)
    with pytest.raises(ValueError, match="y must be given"):
        model.score_samples(X)
    with pytest.raises(ValueError, match="y must be given to a model that was fitted with numbers, got None"):
        model.transform(X)


def test_tables_come_back_as_they_were():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "size": rng.normal(size=300).round(2),
            "count": rng.integers(0, 5, 300),
            "kind": pd.Categorical(rng.choice(["a", "b"], 300)),
        }
    )
    X.loc[:20, "kind"] = np.nan
    model = RealNVP(n_layers=2, max_epochs=5, random_state=0).fit(X)
    sample = model.sample(200)
    assert (sample.dtypes == X.dtypes).all()
    assert sample["kind"].isna().any()
    assert set(sample["count"]) <= set(range(5))
    assert np.isfinite(model.score_samples(X)).all()


def test_weights_are_copies():
    X, _ = _two_moons(100)
    weight = np.random.default_rng(0).integers(0, 3, 100)
    weighted = RealNVP(**SMALL).fit(X, sample_weight=weight)
    copied = RealNVP(**SMALL).fit(np.repeat(X, weight, axis=0))
    assert_allclose(weighted.score_samples(X), copied.score_samples(X), rtol=1e-5)


def test_results_do_not_depend_on_threads_and_survive_pickling():
    X, _ = _two_moons()
    one, two = (RealNVP(**SMALL, n_jobs=n_jobs).fit(X) for n_jobs in (1, 2))
    assert_array_equal(one.score_samples(X), two.score_samples(X))
    assert_array_equal(pickle.loads(pickle.dumps(one)).sample(5), one.sample(5))


def test_outliers_in_training_do_no_harm():
    X, _ = _two_moons()
    model = NeuralSplineFlow(**SMALL, base="student_t").fit(np.vstack([X, [[1e6, -1e6]]]))
    assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.score_samples(X)).all()


@pytest.mark.parametrize(
    ("parameter", "value"), [("n_layers", 0), ("base", "cauchy"), ("batch_size", 0), ("learning_rate", 0.0)]
)
def test_bad_parameters_are_refused(parameter, value):
    with pytest.raises(ValueError, match=parameter):
        RealNVP(**{parameter: value}).fit(_two_moons(20)[0])


def test_bad_latents_and_labels_are_refused():
    X, y = _two_moons(50)
    model = RealNVP(n_layers=2, max_epochs=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match="latents must have shape"):
        model.inverse_transform(np.zeros((2, 5)))
    with pytest.raises(ValueError, match="y must be None"):
        model.sample(2, y=1)
    with pytest.raises(ValueError, match="y must not be missing"):
        RealNVP(n_layers=2, max_epochs=1).fit(X, y).inverse_transform(np.zeros((2, 2)))


def test_held_out_rows_with_new_levels_and_missing_cells_have_a_density():
    """One such row must not take the score of a fold, and of a grid search with it."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=200), "word": rng.choice(["x", "y"], 200), "hole": np.nan})
    model = RealNVP(n_layers=2, hidden_layer_sizes=(8,), max_epochs=3, random_state=0)
    y = np.where(X["a"] > 0.0, "high", "low")
    labelled = clone(model).fit(X, y)
    new = X.head(3).assign(a=[np.nan, 0.0, 0.5], word=["x", None, "z"], hole=[np.nan, 1.0, np.nan])
    assert np.isfinite(labelled.score_samples(new)).all()
    usual = X.head(2).assign(word="x")
    assert (labelled.score_samples(usual.assign(word="z")) < labelled.score_samples(usual)).all()
    assert_allclose(labelled.score_samples(usual, ["rare", None]), labelled.score_samples(usual))
    X.loc[5, "a"] = np.nan
    X.loc[70, "word"] = "once"
    y[100] = "once"
    assert np.isfinite(cross_val_score(model, X, y, cv=KFold(3))).all()
    with pytest.raises(ValueError, match="column 'a' must have no missing cells"):
        labelled.transform(new)
    categories = pd.Series(np.where(X["a"] > 0.0, "high", "low"), dtype="category")
    assert clone(model).fit(X, categories).sample_labeled(5)[1].dtype == categories.dtype
    given = clone(model).set_params(condition_columns=["word"]).fit(X)
    assert np.isfinite(given.score_samples(new)).all()


def test_given_cells_come_back_as_they_are():
    X = pd.DataFrame({"age": np.arange(200) % 42 + 18, "x": np.random.default_rng(0).normal(size=200)})
    model = RealNVP(n_layers=2, hidden_layer_sizes=(8,), max_epochs=2, condition_columns=["age"], random_state=0).fit(X)
    assert (model.sample(5, condition={"age": 99})["age"] == 99).all()
    with pytest.raises(ValueError, match="Known cells must be whole numbers from .* in column 'age'.*got 18.5"):
        model.sample(5, condition={"age": 18.5})
