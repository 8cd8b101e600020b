import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from skensemble._parameters import ParameterError
from skensemble.generative.paths._classifier_gradient import ClassifierGradient
from skensemble.generative.paths._field_input import Condition
from skensemble.generative.paths._guidance import ClassifierFreeGuidance, ClassifierGuidance
from skensemble.generative.paths._paths import PATHS, Endpoints, mix
from skensemble.generative.paths._row_noise import RowNoise
from skensemble.generative.paths._solvers import prior_sample, solve
from skensemble.generative.paths._vector_field import score, velocity
from tests.generative.exact_fields import GaussianMixtureField, gaussian, mixture

all_paths = pytest.mark.parametrize("path", [path() for path in PATHS.values()], ids=list(PATHS))
TIMES = np.linspace(0.1, 0.9, 6)


class _LabelledField:
    """Two classes, each a Gaussian; the condition is the label, NaN where dropped."""

    def __init__(self, path):
        self.path, self.all = path, mixture(path)
        self.classes = [
            GaussianMixtureField(path, [1.0], self.all.means[[k]], self.all.covariances[[k]]) for k in range(2)
        ]

    def endpoints(self, x, t, condition=None):
        label = np.full(len(x), np.nan) if condition is None else condition.label[:, 0]
        found = [field.endpoints(x, t) for field in (*self.classes, self.all)]
        which = np.where(np.isnan(label), 2.0, label)
        return Endpoints(*(np.select([which[:, None] == k for k in range(3)], [f[i] for f in found]) for i in range(2)))


class _ExactClassifier:
    """log p(y | x_t) = log p(x_t | y) + log p(y) - log p(x_t), with its gradient; features are x_t and t."""

    classes_ = np.array([0, 1])

    def __init__(self, field):
        self.field = field

    def log_proba_gradient(self, features, y):
        x, t = features[:, :-1], features[:, -1]
        of_class = np.array([score(field, x, t) for field in self.field.classes])[y, np.arange(len(x))]
        return np.column_stack([of_class - score(self.field.all, x, t), np.zeros(len(x))])


def _start(n_rows=6):
    return np.random.default_rng(0).standard_normal((n_rows, 2))


@all_paths
def test_classifier_free_guidance_is_one_combination(path):
    field, x, label = _LabelledField(path), _start(), Condition(label=np.tile([[0.0], [1.0]], (3, 1)))
    conditional = field.endpoints(x, TIMES, label)
    unconditional = field.all.endpoints(x, TIMES)
    for scale in (0.0, 0.5, 1.0, 3.0):
        found = ClassifierFreeGuidance(field, scale).endpoints(x, TIMES, label)
        for value, c, u in zip(found, conditional, unconditional):
            np.testing.assert_allclose(value, u + scale * (c - u), atol=1e-12)
        np.testing.assert_allclose(mix(found, TIMES, path), x, atol=1e-9)


@all_paths
def test_paper_and_common_form_agree(path):
    """(1 + w) conditional - w unconditional score with w = scale - 1 (Ho and Salimans 2022, equation 6)."""
    field, x, label = _LabelledField(path), _start(), Condition(label=np.ones((6, 1)))
    guided, w = ClassifierFreeGuidance(field, 2.5), 1.5
    expected = (1 + w) * score(field, x, 0.4, label) - w * score(field.all, x, 0.4)
    np.testing.assert_allclose(score(guided, x, 0.4, label), expected, atol=1e-8)


def test_scales_0_and_1_ask_once():
    class Counted(_LabelledField):
        n_calls = 0

        def endpoints(self, *args):
            self.n_calls += 1
            return super().endpoints(*args)

    for scale, expected in ((0.0, 1), (1.0, 1), (2.0, 2)):
        field = Counted(PATHS["vp"]())
        ClassifierFreeGuidance(field, scale).endpoints(_start(), 0.5, Condition(label=np.ones((6, 1))))
        assert field.n_calls == expected


def test_known_cells_stay_known():
    seen = []

    class Recorded(_LabelledField):
        def endpoints(self, x, t, condition=None):
            seen.append(condition)
            return super().endpoints(x, t, condition)

    condition = Condition(np.ones((6, 2)), np.arange(6.0)[:, None])
    ClassifierFreeGuidance(Recorded(PATHS["vp"]()), 2.0).endpoints(_start(), 0.5, condition)
    assert np.isnan(seen[0].label).all()
    np.testing.assert_array_equal(seen[0].known, 1.0)
    assert seen[1] is condition
    assert not np.isnan(condition.label).any()


@all_paths
def test_conditional_samples_have_the_moments_of_their_class(path):
    field, noise, n_rows = _LabelledField(path), RowNoise(0, 1500), 1500
    label = Condition(label=np.zeros((n_rows, 1)))
    x = solve(ClassifierFreeGuidance(field, 1.0), prior_sample(path, noise, 2), "heun", 40, condition=label)
    np.testing.assert_allclose(x.mean(axis=0), field.classes[0].mean, atol=0.06)
    np.testing.assert_allclose(np.cov(x.T), field.classes[0].covariance, atol=0.05)


def test_more_guidance_is_purer():
    field, noise = _LabelledField(PATHS["linear"]()), RowNoise(0, 1000)
    start, label = prior_sample(field.path, noise, 2), Condition(label=np.zeros((1000, 1)))

    def purity(scale):
        x = solve(ClassifierFreeGuidance(field, scale), start, "heun", 20, condition=label)
        log_odds = field.classes[0].log_density_of_data(x) - field.classes[1].log_density_of_data(x)
        return np.median(log_odds)

    assert purity(0.0) < purity(1.0) < purity(3.0)


def test_guidance_needs_labels_and_a_scale():
    field = _LabelledField(PATHS["vp"]())
    with pytest.raises(ParameterError, match="guidance_scale must come with a condition"):
        ClassifierFreeGuidance(field, 2.0).endpoints(_start(), 0.5)
    with pytest.raises(ParameterError, match="guidance_scale must be a float >= 0.0, got -1"):
        ClassifierFreeGuidance(field, -1)
    with pytest.raises(ParameterError, match="scale must be a float, got None"):
        ClassifierGuidance(field, None, 0, scale=None)


# -- classifiers -----------------------------------------------------------------------------------------------------


@all_paths
def test_classifier_of_noised_data_turns_all_data_into_one_class(path):
    """score + grad log p(y | x_t) is the score of the class (Bayes)."""
    field, x = _LabelledField(path), _start()
    y = np.array([0, 1, 0, 1, 1, 0])
    label = Condition(label=y[:, None].astype(float))
    guided = ClassifierGuidance(field.all, ClassifierGradient(_ExactClassifier(field)), y, takes_time=True)
    for t in (TIMES, 0.5):
        expected = field.endpoints(x, t, label)
        np.testing.assert_allclose(guided.endpoints(x, t), expected, atol=1e-8)
        np.testing.assert_allclose(mix(guided.endpoints(x, t), t, path), x, atol=1e-9)
        np.testing.assert_allclose(velocity(guided, x, t), velocity(field, x, t, label), atol=1e-7)


@all_paths
def test_scale_multiplies_the_shift_of_the_score(path):
    field, x = _LabelledField(path), _start()
    gradient = ClassifierGradient(_ExactClassifier(field))
    plain, guided = score(field.all, x, 0.4), ClassifierGuidance(field.all, gradient, 1, 2.5, takes_time=True)
    expected = plain + 2.5 * gradient(np.column_stack([x, np.full(6, 0.4)]), 1)[:, :2]
    np.testing.assert_allclose(score(guided, x, 0.4), expected, atol=1e-8)
    unguided = ClassifierGuidance(field.all, gradient, 1, 0.0, takes_time=True)
    np.testing.assert_array_equal(unguided.endpoints(x, 0.4), field.all.endpoints(x, 0.4))


@all_paths
def test_classifier_of_clean_data_is_asked_at_the_expected_data(path):
    """Where data is N(0, I), d data / d x_t = alpha / (alpha^2 + sigma^2) is exact."""
    field, x, t = GaussianMixtureField(path, [1.0], [[0.0, 0.0]], [np.eye(2)]), _start(), 0.3

    def gradient(data, y):
        return np.sin(data)  # of -cos

    def log_proba(x):
        return -np.cos(field.endpoints(x, t).data).sum(axis=1)

    steps = 1e-6 * np.eye(2)
    slope = np.transpose([(log_proba(x + e) - log_proba(x - e)) / 2e-6 for e in steps])
    guided = ClassifierGuidance(field, gradient, 0, scale=2.0)
    np.testing.assert_allclose(score(guided, x, t), score(field, x, t) + 2.0 * slope, atol=1e-6)
    near = path.t_min + 0.003
    alpha, sigma = path.alpha(near), path.sigma(near)
    assert abs(alpha / (alpha**2 + sigma**2) - 1.0 / alpha) < 0.002


@pytest.mark.parametrize("path_name", PATHS)
@pytest.mark.parametrize("smoothing", [None, 0.3])
def test_a_fitted_classifier_guides_samples_to_its_class(path_name, smoothing):
    path = PATHS[path_name]()
    field, rng = gaussian(path), np.random.default_rng(0)
    data = field.sample(500, rng)
    classifier = LogisticRegression().fit(data, data[:, 0] > 0.8)
    guided = ClassifierGuidance(field, ClassifierGradient(classifier, smoothing), True, scale=1.5)
    noise = RowNoise(0, 200)
    start = prior_sample(path, noise, 2)
    share = {f: (solve(f, start, "heun", 15)[:, 0] > 0.8).mean() for f in (field, guided)}
    assert share[guided] > share[field] + 0.3


@all_paths
def test_guidance_is_finite_from_end_to_end(path):
    field = gaussian(path)
    for takes_time in (False, True):
        guided = ClassifierGuidance(field, lambda X, y: np.ones_like(X), 0, takes_time=takes_time)
        for t in (path.t_min, path.t_max):
            assert np.isfinite(guided.endpoints(_start(), t)).all()
