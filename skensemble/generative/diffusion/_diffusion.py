"""DDPM and ScoreSDE: diffusion models of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from skensemble._parameters import Interval, NameIn, Parameter, choice
from skensemble.generative.diffusion._field_model import FieldModel
from skensemble.generative.diffusion._field_parameters import FIELD_PARAMETERS
from skensemble.generative.paths._paths import PATHS

if TYPE_CHECKING:
    from skensemble._types import BaseEstimator, RandomState


def ddpm_schedules():
    """The paths that DDPM can be asked for, by the names that it has for them."""
    return {path.ddpm_schedule: path for path in PATHS.values() if path.ddpm_schedule is not None}


def sde_paths():
    """Names of the paths that ScoreSDE can be asked for."""
    return [name for name, path in PATHS.items() if path.offered_by_score_sde]


class DDPM(FieldModel):
    """Denoising diffusion probabilistic model (DDPM) of a table [1]_.

    Noise is added to the samples in many small steps. A regressor, by default boosted trees, learns to predict the data
    or the noise of a noised sample, and a solver turns noise back into data: by the ancestral steps of the paper, or by
    fewer and larger steps of DDIM [2]_ or DPM-Solver++ [3]_. The model can be conditioned on labels and on known cells,
    and imputes missing cells. Generated tables have the columns and dtypes of the training table.

    Parameters
    ----------
    n_timesteps : int, default=1000
        Number of noise levels. They divide one continuous schedule, so that fewer levels are coarser, but lead to the
        same noise. `sample` goes through these levels; `score_samples` is that of continuous time and does not depend
        on them.
    schedule : {"linear", "cosine"}, default="linear"
        Noise schedule. "linear": beta rises from 0.1 to 20 per unit of time (from 1e-4 to 0.02 per level of 1000).
        "cosine": alpha falls along a cosine [4]_.
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
    ScoreSDE : Diffusion in continuous time.
    FlowMatching : Flows along straight paths, which need fewer steps.

    References
    ----------
    .. [1] Ho, J., Jain, A. and Abbeel, P. (2020). Denoising diffusion probabilistic models. NeurIPS 2020.
           https://arxiv.org/abs/2006.11239
    .. [2] Song, J., Meng, C. and Ermon, S. (2021). Denoising diffusion implicit models. ICLR 2021.
           https://arxiv.org/abs/2010.02502
    .. [3] Lu, C. et al. (2022). DPM-Solver++: fast solver for guided sampling of diffusion probabilistic models.
           https://arxiv.org/abs/2211.01095
    .. [4] Nichol, A. and Dhariwal, P. (2021). Improved denoising diffusion probabilistic models. ICML 2021.
           https://arxiv.org/abs/2102.09672

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import DDPM
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = DDPM(random_state=0).fit(X, y)
    >>> model.sample(3, y=[0, 1, 2], solver="ddim", n_steps=50).shape
    (3, 4)
    """

    _parameters = {
        "n_timesteps": Parameter(
            1000,
            (Interval(int, 1),),
            "int",
            "Number of noise levels. They divide one continuous schedule, so that fewer levels are coarser, but lead "
            "to the same noise. `sample` goes through these levels; `score_samples` is that of continuous time and "
            "does not depend on them.",
        ),
        "schedule": Parameter(
            "linear",
            (NameIn(ddpm_schedules),),
            choice(ddpm_schedules()),
            'Noise schedule. "linear": beta rises from 0.1 to 20 per unit of time (from 1e-4 to 0.02 per level of '
            '1000). "cosine": alpha falls along a cosine [4]_.',
        ),
        **FIELD_PARAMETERS,
    }

    def __init__(
        self,
        *,
        n_timesteps: int = 1000,
        schedule: Literal["linear", "cosine"] = "linear",
        regressor: BaseEstimator | Literal["trees", "mlp"] = "trees",
        encoder: BaseEstimator | None = None,
        mask_share: float = 0.0,
        label_drop: float = 0.1,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.n_timesteps = n_timesteps
        self.schedule = schedule
        self.regressor = regressor
        self.encoder = encoder
        self.mask_share = mask_share
        self.label_drop = label_drop
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @property
    def _n_levels(self):
        return int(self.n_timesteps)

    def _make_path(self):
        return ddpm_schedules()[self.schedule]()

    def _smooth_prediction(self, path):
        return "noise"

    def _default_solver(self):
        return "ddim", 50

    def _deterministic_solver(self):
        return "ddim", 100


class ScoreSDE(FieldModel):
    """Score-based diffusion model of a table in continuous time [1]_.

    A stochastic differential equation (SDE) turns data into noise. The score, the gradient of the log density of noised
    samples, is learned and turns noise back into data: by the reverse SDE (solvers that draw noise in every step), or
    by the probability-flow ODE, which has the same distribution at each time (deterministic solvers).

    Parameters
    ----------
    sde : {"vp", "subvp", "ve"}, default="vp"
        Stochastic differential equation. "vp": variance preserving. "subvp": sub-variance preserving. "ve": variance
        exploding.
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
    DDPM : Diffusion with discrete noise levels.

    References
    ----------
    .. [1] Song, Y. et al. (2021). Score-based generative modeling through stochastic differential equations. ICLR 2021.
           https://arxiv.org/abs/2011.13456

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import ScoreSDE
    >>> X = load_iris(as_frame=True).data
    >>> model = ScoreSDE(sde="subvp", random_state=0).fit(X)
    >>> model.sample(5, solver="euler_maruyama", n_steps=50).shape
    (5, 4)
    """

    _parameters = {
        "sde": Parameter(
            "vp",
            (NameIn(sde_paths),),
            choice(sde_paths()),
            'Stochastic differential equation. "vp": variance preserving. "subvp": sub-variance preserving. "ve": '
            "variance exploding.",
        ),
        **FIELD_PARAMETERS,
    }

    def __init__(
        self,
        *,
        sde: Literal["vp", "subvp", "ve"] = "vp",
        regressor: BaseEstimator | Literal["trees", "mlp"] = "trees",
        encoder: BaseEstimator | None = None,
        mask_share: float = 0.0,
        label_drop: float = 0.1,
        n_jobs: int | None = None,
        random_state: int | RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.sde = sde
        self.regressor = regressor
        self.encoder = encoder
        self.mask_share = mask_share
        self.label_drop = label_drop
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _make_path(self):
        return PATHS[self.sde]()

    def _smooth_prediction(self, path):
        return "noise"

    def _default_solver(self):
        return "dpm++", 20
