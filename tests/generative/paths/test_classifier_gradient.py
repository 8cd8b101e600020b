import numpy as np
import pytest
from scipy.stats import norm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skensemble import NewtonBoostingClassifier
from skensemble.generative.paths._classifier_gradient import (
    SMALLEST_PROBABILITY,
    ClassifierGradient,
    linear_scores,
    normal_directions,
)


def _three_classes(n_columns=3):
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b", "c"], 40)
    X = rng.standard_normal((120, n_columns)) * [1.0, 5.0, 0.8][:n_columns]
    return X + np.repeat([[0.0], [1.0], [-1.0]], 40, axis=0), y


def _differences(classifier, X, y, step=1e-5):
    index = np.searchsorted(classifier.classes_, y)
    rows = np.arange(len(X))
    return np.transpose(
        [
            (classifier.predict_log_proba(X + e) - classifier.predict_log_proba(X - e))[rows, index] / (2 * step)
            for e in step * np.eye(X.shape[1])
        ]
    )


LINEAR = [
    LogisticRegression(),
    LinearDiscriminantAnalysis(),
    make_pipeline(StandardScaler(), LogisticRegression()),
    make_pipeline(StandardScaler(), "passthrough", StandardScaler(with_mean=False), LogisticRegression()),
    make_pipeline(StandardScaler(with_std=False), LinearDiscriminantAnalysis()),
]
SMOOTH = [GaussianNB(), QuadraticDiscriminantAnalysis(), make_pipeline(MinMaxScaler(), LogisticRegression())]


@pytest.mark.parametrize("two_classes", [False, True])
@pytest.mark.parametrize("classifier", LINEAR + SMOOTH)
def test_gradients_are_those_of_predict_log_proba(classifier, two_classes):
    X, y = _three_classes()
    classifier.fit(X[: 80 if two_classes else None], y[: 80 if two_classes else None])
    asked = y[:80][::-1] if two_classes else y[::-1]
    gradient = ClassifierGradient(classifier)
    np.testing.assert_allclose(
        gradient(X[: len(asked)], asked), _differences(classifier, X[: len(asked)], asked), rtol=1e-4, atol=1e-5
    )
    assert (linear_scores(classifier) is not None) == (classifier in LINEAR)


def test_one_against_rest_is_not_a_softmax():
    X, y = _three_classes()
    classifier = LogisticRegression(solver="liblinear").fit(X[:80], y[:80])
    assert linear_scores(classifier) is not None
    classifier.classes_ = np.array(["a", "b", "c"])
    assert linear_scores(classifier) is None


def test_a_classifier_may_know_its_gradient():
    class Known:
        classes_ = [0, 1]

        def log_proba_gradient(self, X, y):
            return X * y[:, None]

    np.testing.assert_array_equal(ClassifierGradient(Known())(np.ones((2, 3)), 5), np.full((2, 3), 5))


def test_rows_far_from_their_class_have_a_gradient_while_their_probability_is_a_number():
    X, y = _three_classes()
    far = np.full((1, 3), 40.0)
    bayes = GaussianNB().fit(X, y)  # computes logs
    np.testing.assert_allclose(ClassifierGradient(bayes)(far, "c"), _differences(bayes, far, ["c"]), rtol=1e-4)
    network = make_pipeline(MinMaxScaler((0, 1000)), LogisticRegression(C=1e6, max_iter=20, tol=1.0)).fit(X, y)
    assert np.isfinite(ClassifierGradient(network)(far, "c")).all()


JUMPING = [
    DecisionTreeClassifier(),
    HistGradientBoostingClassifier(max_iter=5),
    KNeighborsClassifier(),
    NewtonBoostingClassifier(n_estimators=5),
    make_pipeline(StandardScaler(), DecisionTreeClassifier()),
]


@pytest.mark.parametrize("classifier", JUMPING, ids=lambda classifier: type(classifier).__name__)
def test_trees_are_refused_or_smoothed(classifier):
    X, y = _three_classes()
    classifier.fit(X, y)
    with pytest.raises(TypeError, match=f"smooth predict_log_proba, got {type(classifier).__name__}.*smoothing=h"):
        ClassifierGradient(classifier)
    gradient = ClassifierGradient(classifier, smoothing=0.5)(X, y)
    assert gradient.shape == X.shape
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0.0


class _Jump:
    """log p jumps from log .1 to log .9 at x0 = .3; column 1 says nothing."""

    classes_ = np.array([0, 1])

    def predict_log_proba(self, X):
        p = np.where(X[:, 0] > 0.3, 0.9, 0.1)
        return np.log(np.column_stack([1.0 - p, p]))


def test_smoothed_gradient_of_a_jump_is_a_normal_bell():
    """(a 1[x > c]) * N_h has the derivative a phi((x - c) / h) / h."""
    x, h = np.linspace(-1.0, 1.5, 11), 0.5
    found = ClassifierGradient(_Jump(), smoothing=h, n_directions=20_000)(np.column_stack([x, x]), 1)
    np.testing.assert_allclose(found[:, 0], np.log(9.0) * norm.pdf((x - 0.3) / h) / h, atol=0.05)
    np.testing.assert_allclose(found[:, 1], 0.0, atol=0.05)


def test_smoothed_gradient_of_a_smooth_classifier_is_near_its_own():
    X, y = _three_classes(2)
    classifier = LogisticRegression().fit(X, y)
    smoothed = ClassifierGradient(classifier, smoothing=0.01, n_directions=2000)(X, y)
    np.testing.assert_allclose(smoothed, ClassifierGradient(classifier)(X, y), atol=0.1)


def test_rows_of_smoothed_gradients_do_not_depend_on_each_other():
    X, y = _three_classes()
    gradient = ClassifierGradient(DecisionTreeClassifier().fit(X, y), smoothing=0.3)
    np.testing.assert_array_equal(gradient(X, y)[5:9], gradient(X[5:9], y[5:9]))


def test_probability_zero_has_a_finite_log():
    class Certain:
        classes_ = np.array([0, 1])

        def predict_log_proba(self, X):
            with np.errstate(divide="ignore"):
                return np.log(np.column_stack([X[:, 0] > 0, X[:, 0] <= 0]).astype(float))

    found = ClassifierGradient(Certain(), smoothing=0.1, n_directions=4)(np.zeros((1, 1)), 0)
    assert 0.0 < found[0, 0] <= -np.log(SMALLEST_PROBABILITY) * 10.0


def test_directions_are_normal_and_orthogonal():
    z = normal_directions(6000, 3, np.random.default_rng(0))
    assert z.shape == (6000, 3)
    np.testing.assert_allclose(z.T @ z / 6000, np.eye(3), atol=0.06)
    np.testing.assert_allclose((z**4).mean(axis=0), 3.0, atol=0.3)
    first = z[:3] @ z[:3].T
    np.testing.assert_allclose(first, np.diag(np.diag(first)), atol=1e-12)


def test_unknown_labels_and_bad_options():
    X, y = _three_classes()
    classifier = LogisticRegression().fit(X, y)
    with pytest.raises(ValueError, match=r"y must hold classes of the classifier \(\['a', 'b', 'c'\]\), got .*'z'"):
        ClassifierGradient(classifier)(X, "z")
    with pytest.raises(ValueError, match="smoothing must be None or a float > 0, got 0"):
        ClassifierGradient(classifier, smoothing=0)
    with pytest.raises(ValueError, match="n_directions must be an int >= 1, got 0"):
        ClassifierGradient(classifier, n_directions=0)
