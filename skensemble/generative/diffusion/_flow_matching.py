"""FlowMatching and RectifiedFlow: models of tables that learn the velocity which carries noise to data."""

import numpy as np

from skensemble._parameters import Interval, NameIn, OneOf
from skensemble._random import draw_seed
from skensemble.generative.diffusion._field_model import PARAMETERS, FieldModel
from skensemble.generative.paths._paths import PATHS
from skensemble.generative.paths._row_noise import RowNoise
from skensemble.generative.paths._solvers import prior_sample, solve
from skensemble.generative.paths._vector_field import velocity

PAIRS = 20_000  # of noise and data that a reflow is trained on, at least
STRAIGHTNESS_ROWS = 1024


def flow_paths():
    """Names of the paths that FlowMatching can be asked for."""
    return [name for name, path in PATHS.items() if path.offered_by_flow_matching]


class FlowMatching(FieldModel):
    """Flow matching of a table [1]_: a velocity field that carries noise to data, learned by regression.

    The path between a row and its noise is a straight line by default, along which few large steps suffice. Time runs
    from data (0) to noise (1) here; the papers count the other way.

    Parameters
    ----------
    path : {"linear", "trigonometric", "vp", "cosine"}, default="linear"
        How a row turns into noise.
    pairing : {"independent", "optimal"}, default="independent"
        Which noise belongs to which row: any, or, within blocks of rows of the same label, that of the optimal
        transport [2]_, which makes flows straighter.
    regressor : {"trees", "mlp"} or regressor, default="trees"
        What learns: `TreeField()`, `MLPField()`, one of these with other parameters, or any regressor of scikit-learn.
    encoder : TableEncoder or None, default=None
        How the table becomes numbers; None for `TableEncoder()`, which for trees is
        `TableEncoder(numeric="auto", categorical="codes")`.
    mask_share : float, default=0.0
        Share in [0, 1] of the training rows that show some of their own cells. Above 0 the model can be conditioned on
        cells (`sample(condition=...)`) and can impute; 0.5 serves both that and plain samples.
    label_drop : float, default=0.1
        Share in [0, 1) of the training rows whose label is hidden, for classifier-free guidance and densities without
        labels.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. The model and its samples are the same for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of fit, and of `sample` unless it gets its own.
    verbose : int or bool, default=0
        Whether to print progress.

    Attributes
    ----------
    encoder_ : TableEncoder
        Fitted.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted, if fit got labels that are classes.
    likelihood_ : {"elbo", "ode"}
        What `score_samples` gives: a lower bound (trees), or the exact density of the flow (smooth regressors).
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

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
        "path": (NameIn(flow_paths),),
        "pairing": (OneOf("independent", "optimal"),),
        **PARAMETERS,
    }

    def __init__(
        self,
        *,
        path="linear",
        pairing="independent",
        regressor="trees",
        encoder=None,
        mask_share=0.0,
        label_drop=0.1,
        n_jobs=None,
        random_state=None,
        verbose=0,
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
    """Rectified flow of a table [1]_: flow matching, then flows made straight by learning them from their own ends.

    A reflow carries noise to data with the model, and fits a new one to these pairs: their lines cross less, so that
    fewer steps suffice, one at best. What the first model gets wrong, the next learns; with trees the first is
    often straight enough.

    Parameters
    ----------
    n_reflow : int, default=1
        How often to learn again.
    regressor : {"trees", "mlp"} or regressor, default="trees"
        What learns: `TreeField()`, `MLPField()`, one of these with other parameters, or any regressor of scikit-learn.
    encoder : TableEncoder or None, default=None
        How the table becomes numbers; None for `TableEncoder()`, which for trees is
        `TableEncoder(numeric="auto", categorical="codes")`.
    mask_share : float, default=0.0
        Share in [0, 1] of the training rows that show some of their own cells. Above 0 the model can be conditioned on
        cells (`sample(condition=...)`) and can impute; 0.5 serves both that and plain samples.
    label_drop : float, default=0.1
        Share in [0, 1) of the training rows whose label is hidden, for classifier-free guidance and densities without
        labels.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. The model and its samples are the same for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of fit, and of `sample` unless it gets its own.
    verbose : int or bool, default=0
        Whether to print progress.

    Attributes
    ----------
    straightness_ : ndarray of shape (n_reflow + 1,)
        Mean squared distance of the velocity from the line between the ends, over the flows of each model; 0: straight.
    encoder_ : TableEncoder
        Fitted.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted, if fit got labels that are classes.
    likelihood_ : {"elbo", "ode"}
        What `score_samples` gives: a lower bound (trees), or the exact density of the flow (smooth regressors).
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

    See Also
    --------
    FlowMatching : Without reflow, with a choice of paths.

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

    _parameters = {"n_reflow": (Interval(int, 0),), **PARAMETERS}

    def __init__(
        self,
        *,
        n_reflow=1,
        regressor="trees",
        encoder=None,
        mask_share=0.0,
        label_drop=0.1,
        n_jobs=None,
        random_state=None,
        verbose=0,
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

    def _fit_field(self, draws, rng, data):
        super()._fit_field(draws, rng, data)
        first = self._bound_field
        straightness = [self._straightness_of_flows(draws, rng)]
        for _ in range(self.n_reflow):
            super()._fit_field(self._coupled(draws, rng), rng, data)
            straightness.append(self._straightness_of_flows(draws, rng))
        self.straightness_ = np.array(straightness)
        if not self._is_smooth():  # a bound knows only paths to independent noise; reflow keeps their distributions
            self._bound_field = first

    def _coupled(self, draws, rng):
        """Draws of (noise, the data that the flow takes it to), conditions as in the data."""
        n_repeats = max(1, -(-PAIRS // len(draws.data)))
        rows = np.tile(np.arange(len(draws.data)), n_repeats)
        pairs = draws.take(rows)
        noise, data = self._flowed(self._condition_of(pairs.label, None, len(rows)), len(rows), rng)
        return self._make_draws(data, pairs.label, pairs.weight, rng, noise=noise)

    def _flowed(self, condition, n_rows, rng, callback=None):
        """Noise, and the data at the other ends of its flows."""
        noise = prior_sample(self._path, RowNoise(draw_seed(rng), n_rows), self.encoder_.n_encoded_)
        return noise, solve(self._field, noise, "midpoint", 20, condition=condition, callback=callback)

    def _straightness_of_flows(self, draws, rng, n_times=16):
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
