"""DDPM and ScoreSDE: diffusion models of tables."""

from skensemble._parameters import Interval, NameIn
from skensemble.generative.diffusion._field_model import PARAMETERS, FieldModel
from skensemble.generative.paths._paths import PATHS


def ddpm_schedules():
    """The paths that DDPM can be asked for, by the names that it has for them."""
    return {path.ddpm_schedule: path for path in PATHS.values() if path.ddpm_schedule is not None}


def sde_paths():
    """Names of the paths that ScoreSDE can be asked for."""
    return [name for name, path in PATHS.items() if path.offered_by_score_sde]


class DDPM(FieldModel):
    """Denoising diffusion of a table [1]_: noise is added to the rows in many small steps, and the steps are undone.

    The regressor, by default our boosted trees, learns what noise a noised row holds. Any of the solvers brings noise
    back to data: the ancestral steps of the paper, or fewer and larger ones, DDIM [2]_ and DPM-Solver++ [3]_. Labels,
    known cells and missing cells can be conditioned on; tables come back with their dtypes.

    Parameters
    ----------
    n_timesteps : int, default=1000
        Levels of noise. They cut up one continuous schedule, so that fewer of them are coarser, not weaker.
    schedule : {"linear", "cosine"}, default="linear"
        How noise rises: beta from 0.1 to 20 per unit of time (1e-4 to 0.02 per level of 1000), or the cosine of [4]_.
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
    ScoreSDE : The same in continuous time.
    FlowMatching : Straight paths, fewer steps.

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
        "n_timesteps": (Interval(int, 1),),
        "schedule": (NameIn(ddpm_schedules),),
        **PARAMETERS,
    }

    def __init__(
        self,
        *,
        n_timesteps=1000,
        schedule="linear",
        regressor="trees",
        encoder=None,
        mask_share=0.0,
        label_drop=0.1,
        n_jobs=None,
        random_state=None,
        verbose=0,
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
    """Score-based diffusion of a table in continuous time [1]_.

    A stochastic differential equation takes data to noise; the score, the gradient of the log density of noised rows,
    is learned and takes noise back: by the reverse SDE (the solvers that draw noise on the way) or by the
    probability-flow ODE, which has the same distribution at each time (all others).

    Parameters
    ----------
    sde : {"vp", "subvp", "ve"}, default="vp"
        Variance preserving, sub-variance preserving, or variance exploding.
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
    DDPM : The same with levels of noise.

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

    _parameters = {"sde": (NameIn(sde_paths),), **PARAMETERS}

    def __init__(
        self,
        *,
        sde="vp",
        regressor="trees",
        encoder=None,
        mask_share=0.0,
        label_drop=0.1,
        n_jobs=None,
        random_state=None,
        verbose=0,
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
