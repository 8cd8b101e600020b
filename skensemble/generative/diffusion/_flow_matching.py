"""FlowMatching and RectifiedFlow: models of tables that learn the velocity of a flow from noise to data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from skensemble._parameters import Interval, NameIn, OneOf, Parameter, choice
from skensemble._random import draw_seed
from skensemble.generative.diffusion._field_model import FieldModel
from skensemble.generative.diffusion._field_parameters import FIELD_PARAMETERS
from skensemble.generative.paths._paths import PATHS
from skensemble.generative.paths._row_noise import RowNoise
from skensemble.generative.paths._solvers import prior_sample, solve
from skensemble.generative.paths._vector_field import velocity

if TYPE_CHECKING:
    from skensemble._types import BaseEstimator, RandomState

PAIRS = 20_000  # minimum number of pairs of noise and data in the training data of a reflow
STRAIGHTNESS_ROWS = 1024


def flow_paths():
    """Names of the paths that FlowMatching can be asked for."""
    return [name for name, path in PATHS.items() if path.offered_by_flow_matching]


class FlowMatching(FieldModel):
    """Flow matching model of a table [1]_.

    A regressor learns the velocity of a flow that carries noise to data. By default the path between a sample and its
    noise is a straight line, along which a few large steps suffice. Time runs from data (0) to noise (1), in the
    opposite direction to the papers.

    Parameters
    ----------
    path : {"vp", "cosine", "linear", "trigonometric"}, default="linear"
        Path from a sample to its noise: the weights of both as functions of the time. See
        `skensemble.generative.PATHS`.
    pairing : {"independent", "optimal"}, default="independent"
        How samples and noise are paired. "independent": at random. "optimal": by the optimal transport within blocks of
        samples with the same label [2]_, which makes flows straighter.
    regressor : {"trees", "mlp"} or regressor, default="trees"
        Regressor that learns the field. "trees": `TreeField()`. "mlp": `MLPField()`. regressor: one of these with other
        parameters, or any regressor of scikit-learn; it is cloned.
    encoder : TableEncoder or None, default=None
        Encoder that turns the table into numbers and back; it is cloned. None:
        `TableEncoder(numeric="auto", categorical="codes")` for trees, `TableEncoder()` for smooth regressors.
    mask_share : float, default=0.0
        Fraction of the training samples, in [0, 1], that show some of their own cells to the regressor. Above 0, the
        model can be conditioned on cells (`sample(condition=...)`) and can impute missing cells; 0.5 suits both these
        and unconditional samples.
    label_drop : float, default=0.1
        Fraction of the training samples, in [0, 1), whose label is hidden from the regressor, as classifier-free
        guidance and densities without labels require.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of `fit`, and of `sample` unless it is given another one. Pass an int to get the same model and the same
        samples in every call.
    verbose : int or bool, default=0
        Whether to print the progress of `fit`.

    Attributes
    ----------
    encoder_ : TableEncoder
        Fitted encoder.
    classes_ : ndarray of shape (n_classes,)
        Sorted labels, if `y` holds classes.
    likelihood_ : {"elbo", "ode"}
        What `score_samples` computes. "elbo": a lower bound of the log density (trees). "ode": the exact log density
        of the flow (smooth regressors).
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X. Only set if all are strings.

    See Also
    --------
    RectifiedFlow : Flows that are straightened further.

    References
    ----------
    .. [1] Lipman, Y. et al. (2023). Flow matching for generative modeling. ICLR 2023. https://arxiv.org/abs/2210.02747
    .. [2] Tong, A. et al. (2024). Improving and generalizing flow-based generative models with minibatch optimal
           transport. TMLR. https://arxiv.org/abs/2302.00482

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import FlowMatching
    >>> X = load_iris(as_frame=True).data
    >>> model = FlowMatching(random_state=0).fit(X)
    >>> list(model.sample(5).columns) == list(X.columns)
    True
    """

    _parameters = {
        "path": Parameter(
            "linear",
            (NameIn(flow_paths),),
            choice(flow_paths()),
            "Path from a sample to its noise: the weights of both as functions of the time. See "
            "`skensemble.generative.PATHS`.",
        ),
        "pairing": Parameter(
            "independent",
            (OneOf("independent", "optimal"),),
            choice(("independent", "optimal")),
            'How samples and noise are paired. "independent": at random. "optimal": by the optimal transport within '
            "blocks of samples with the same label [2]_, which makes flows straighter.",
        ),
        **FIELD_PARAMETERS,
    }

    def __init__(
        self,
        *,
        path: Literal["vp", "cosine", "linear", "trigonometric"] = "linear",
        pairing: Literal["independent", "optimal"] = "independent",
        regressor: BaseEstimator | Literal["trees", "mlp"] = "trees",
        encoder: BaseEstimator | None = None,
        mask_share: float = 0.0,
        label_drop: float = 0.1,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.path = path
        self.pairing = pairing
        self.regressor = regressor
        self.encoder = encoder
        self.mask_share = mask_share
        self.label_drop = label_drop
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _make_path(self):
        return PATHS[self.path]()

    def _smooth_prediction(self, path):
        return "velocity" if path.grid == "uniform" else "noise"  # a velocity of "vp" has no bound near data

    def _default_solver(self):
        return ("midpoint", 10) if self._path.grid == "uniform" else ("dpm++", 20)

    def _deterministic_solver(self):
        return "midpoint", 20

    def _options_of_draws(self):
        return {"pairing": self.pairing}


class RectifiedFlow(FieldModel):
    """Rectified flow model of a table [1]_: flow matching, whose flow is then straightened by reflows.

    A reflow carries noise to data with the fitted model, and fits a new model to these pairs of noise and data. Their
    lines cross less often, so that fewer steps suffice, a single one at best. Errors of the first model are learned by
    the next one; with trees the first flow is often straight enough.

    Parameters
    ----------
    n_reflow : int, default=1
        Number of reflows after the first fit.
    regressor : {"trees", "mlp"} or regressor, default="trees"
        Regressor that learns the field. "trees": `TreeField()`. "mlp": `MLPField()`. regressor: one of these with other
        parameters, or any regressor of scikit-learn; it is cloned.
    encoder : TableEncoder or None, default=None
        Encoder that turns the table into numbers and back; it is cloned. None:
        `TableEncoder(numeric="auto", categorical="codes")` for trees, `TableEncoder()` for smooth regressors.
    mask_share : float, default=0.0
        Fraction of the training samples, in [0, 1], that show some of their own cells to the regressor. Above 0, the
        model can be conditioned on cells (`sample(condition=...)`) and can impute missing cells; 0.5 suits both these
        and unconditional samples.
    label_drop : float, default=0.1
        Fraction of the training samples, in [0, 1), whose label is hidden from the regressor, as classifier-free
        guidance and densities without labels require.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of `fit`, and of `sample` unless it is given another one. Pass an int to get the same model and the same
        samples in every call.
    verbose : int or bool, default=0
        Whether to print the progress of `fit`.

    Attributes
    ----------
    straightness_ : ndarray of shape (n_reflow + 1,)
        Mean squared difference between the velocity and the line from end to end, over the flows of the first model and
        after each reflow; 0 for straight flows.
    encoder_ : TableEncoder
        Fitted encoder.
    classes_ : ndarray of shape (n_classes,)
        Sorted labels, if `y` holds classes.
    likelihood_ : {"elbo", "ode"}
        What `score_samples` computes. "elbo": a lower bound of the log density (trees). "ode": the exact log density
        of the flow (smooth regressors).
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X. Only set if all are strings.

    See Also
    --------
    FlowMatching : Flow matching without reflows, with a choice of paths.

    References
    ----------
    .. [1] Liu, X., Gong, C. and Liu, Q. (2023). Flow straight and fast: learning to generate and transfer data with
           rectified flow. ICLR 2023. https://arxiv.org/abs/2209.03003

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import RectifiedFlow
    >>> X = load_iris(as_frame=True).data
    >>> model = RectifiedFlow(random_state=0).fit(X)
    >>> model.sample(5, solver="euler", n_steps=2).shape
    (5, 4)
    >>> len(model.straightness_)
    2
    """

    _parameters = {
        "n_reflow": Parameter(1, (Interval(int, 0),), "int", "Number of reflows after the first fit."),
        **FIELD_PARAMETERS,
    }

    def __init__(
        self,
        *,
        n_reflow: int = 1,
        regressor: BaseEstimator | Literal["trees", "mlp"] = "trees",
        encoder: BaseEstimator | None = None,
        mask_share: float = 0.0,
        label_drop: float = 0.1,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.n_reflow = n_reflow
        self.regressor = regressor
        self.encoder = encoder
        self.mask_share = mask_share
        self.label_drop = label_drop
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _make_path(self):
        return PATHS["linear"]()

    def _smooth_prediction(self, path):
        return "velocity"

    def _default_solver(self):
        return "midpoint", 10

    def _deterministic_solver(self):
        return "midpoint", 20

    def _n_fits(self):
        return 1 + self.n_reflow

    def _fit_field(self, draws, rng, progress):
        super()._fit_field(draws, rng, progress)
        first = self._bound_field
        straightness = [self._straightness_of_flows(draws, rng)]
        for _ in range(self.n_reflow):
            super()._fit_field(self._coupled(draws, rng), rng, progress)
            straightness.append(self._straightness_of_flows(draws, rng))
        self.straightness_ = np.array(straightness)
        if not self._is_smooth():  # the bound assumes independent noise; reflows keep the distribution of the data
            self._bound_field = first

    def _coupled(self, draws, rng):
        """Draws of pairs of noise and the data to which the flow carries it, with the labels of the training rows."""
        n_repeats = max(1, -(-PAIRS // len(draws.data)))
        rows = np.tile(np.arange(len(draws.data)), n_repeats)
        pairs = draws.take(rows)
        noise, data = self._flowed(self._condition_of(pairs.label, None, len(rows)), len(rows), rng)
        return self._make_draws(data, pairs.label, pairs.weight, rng, noise=noise)

    def _flowed(self, condition, n_rows, rng, callback=None):
        """Noise, and the data to which the flow carries it."""
        noise = prior_sample(self._path, RowNoise(draw_seed(rng), n_rows), self.encoder_.n_encoded_)
        return noise, solve(self._field, noise, "midpoint", 20, condition=condition, callback=callback)

    def _straightness_of_flows(self, draws, rng):
        """E |(noise - data) - velocity|^2 along the flows, over times (Liu et al. 2023, section 2.2)."""
        n_rows = min(STRAIGHTNESS_ROWS, PAIRS)
        rows = rng.integers(len(draws.data), size=n_rows)
        condition = self._condition_of(draws.take(rows).label, None, n_rows)
        places = []
        noise, data = self._flowed(condition, n_rows, rng, lambda step, t, x: places.append((t, x)))
        deviations = [
            ((noise - data - velocity(self._field, x, t, condition)) ** 2).sum(axis=1).mean() for t, x in places[:-1]
        ]
        return float(np.mean(deviations))
