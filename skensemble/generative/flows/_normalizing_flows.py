"""NICE, RealNVP, Glow, NeuralSplineFlow, MaskedAutoregressiveFlow: models of tables with exact densities."""

from skensemble.generative.flows._flow_model import NormalizingFlow
from skensemble.generative.flows._flow_parameters import AFFINE_PARAMETERS
from skensemble.generative.flows._layers import Stack

# Layers at the end that give untrained couplings the covariance of the rows: affine couplings alone are slow to learn
# correlations, and on tables with heavy tails do not get there.
_WHITENED = ("actnorm", "whitening")


class AffineFlow(NormalizingFlow):
    """A flow whose layers scale columns: its latents have heavy tails unless another base is asked for."""

    _parameters = AFFINE_PARAMETERS

    def __init__(
        self,
        *,
        n_layers=8,
        hidden_layer_sizes=(64, 64),
        activation="silu",
        base="student_t",
        batch_size="auto",
        learning_rate=0.001,
        max_epochs=100,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=20,
        condition_columns=None,
        encoder=None,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.n_layers = n_layers
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.base = base
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.condition_columns = condition_columns
        self.encoder = encoder
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose


class NICE(NormalizingFlow):
    """Normalizing flow of additive couplings [1]_.

    A learned scale of each column comes before the first and after the last coupling.

    A single column is transformed by splines, as in `NeuralSplineFlow`.

    Parameters
    ----------
    n_layers : int, default=8
        Number of transformations, each with a network of its own.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Number of units in each hidden layer of a network.
    activation : str, default="silu"
        Activation function of the hidden layers, see `skensemble.generative.ACTIVATIONS`.
    base : {"normal", "logistic", "student_t"}, default="normal"
        Distribution of the latent variables. "student_t" (5 degrees of freedom) has heavy tails, for tables with
        outliers.
    batch_size : int or "auto", default="auto"
        Number of samples per training step. "auto": a twentieth of the samples, at least 32 and at most 512.
    learning_rate : float, default=0.001
        Learning rate of the optimiser, Adam. Predictions use a moving average of the parameters.
    max_epochs : int, default=100
        Maximum number of passes over the samples.
    early_stopping : bool, default=True
        Whether to hold out samples, stop when their likelihood no longer increases, and keep the parameters with the
        highest likelihood.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), that is held out.
    n_iter_no_change : int, default=20
        Number of epochs without a higher likelihood of the held-out samples after which training stops.
    condition_columns : array-like of names or positions, or a mask, default=None
        Columns to condition on: the model is the distribution of the other columns given these (and `y`). None: all
        columns are modelled.
    encoder : TableEncoder or None, default=None
        Encoder that turns the table into numbers and back; it is cloned. None: `TableEncoder()`.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of `fit`, and of `sample` unless it is given another one.
    verbose : int or bool, default=0
        Whether to print the losses of each epoch.

    Attributes
    ----------
    encoder_ : TableEncoder
        The fitted encoder.
    classes_ : ndarray of shape (n_classes,)
        Sorted class labels, if `y` of `fit` holds classes.
    likelihood_ : "exact"
        Kind of the log densities: exact for numbers. For categories, integers and missing cells they are log
        probabilities, estimated by the mean density at 16 to 256 places in their boxes, see `TableEncoder`: over all
        rows that there can be, probabilities of categories alone add up to 1 within a few percent.
    n_iter_ : int
        Number of training steps.
    loss_curve_ : ndarray
        Mean negative log-likelihood of the batches of each epoch, per encoded sample.
    validation_curve_ : ndarray
        Mean negative log-likelihood of the held-out samples after each epoch; empty without early stopping.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all names are strings.

    See Also
    --------
    RealNVP : Affine coupling layers.

    References
    ----------
    .. [1] Dinh, L., Krueger, D. and Bengio, Y. (2015). NICE: non-linear independent components estimation. ICLR
           workshop. https://arxiv.org/abs/1410.8516

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble.generative import NICE
    >>> X = load_iris().data
    >>> model = NICE(n_layers=4, max_epochs=5, random_state=0).fit(X)
    >>> model.transform(X).shape
    (150, 4)
    """

    _stack = Stack(("actnorm",), ("additive_coupling",), ("actnorm",))


class RealNVP(AffineFlow):
    """Normalizing flow of affine couplings [1]_.

    Each layer scales and shifts one half of the columns by functions of the other half; the halves alternate. The last
    layer is a linear map of all columns. Couplings are the identity at first, so training starts from the covariance of
    the samples. A single column is transformed by splines, as in `NeuralSplineFlow`.

    Parameters
    ----------
    n_layers : int, default=8
        Number of transformations, each with a network of its own.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Number of units in each hidden layer of a network.
    activation : str, default="silu"
        Activation function of the hidden layers, see `skensemble.generative.ACTIVATIONS`.
    base : {"normal", "logistic", "student_t"}, default="student_t"
        Distribution of the latent variables. "student_t" (5 degrees of freedom) has heavy tails: affine layers can take
        a sample far out, and with "normal" its log density falls with the square of the distance, so that a single
        sample can outweigh thousands. For tables without outliers, the other two can be a little better.
    batch_size : int or "auto", default="auto"
        Number of samples per training step. "auto": a twentieth of the samples, at least 32 and at most 512.
    learning_rate : float, default=0.001
        Learning rate of the optimiser, Adam. Predictions use a moving average of the parameters.
    max_epochs : int, default=100
        Maximum number of passes over the samples.
    early_stopping : bool, default=True
        Whether to hold out samples, stop when their likelihood no longer increases, and keep the parameters with the
        highest likelihood.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), that is held out.
    n_iter_no_change : int, default=20
        Number of epochs without a higher likelihood of the held-out samples after which training stops.
    condition_columns : array-like of names or positions, or a mask, default=None
        Columns to condition on: the model is the distribution of the other columns given these (and `y`). None: all
        columns are modelled.
    encoder : TableEncoder or None, default=None
        Encoder that turns the table into numbers and back; it is cloned. None: `TableEncoder()`.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of `fit`, and of `sample` unless it is given another one.
    verbose : int or bool, default=0
        Whether to print the losses of each epoch.

    Attributes
    ----------
    encoder_ : TableEncoder
        The fitted encoder.
    classes_ : ndarray of shape (n_classes,)
        Sorted class labels, if `y` of `fit` holds classes.
    likelihood_ : "exact"
        Kind of the log densities: exact for numbers. For categories, integers and missing cells they are log
        probabilities, estimated by the mean density at 16 to 256 places in their boxes, see `TableEncoder`: over all
        rows that there can be, probabilities of categories alone add up to 1 within a few percent.
    n_iter_ : int
        Number of training steps.
    loss_curve_ : ndarray
        Mean negative log-likelihood of the batches of each epoch, per encoded sample.
    validation_curve_ : ndarray
        Mean negative log-likelihood of the held-out samples after each epoch; empty without early stopping.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all names are strings.

    See Also
    --------
    Glow : With linear maps between the coupling layers.
    NeuralSplineFlow : Coupling layers of splines.

    References
    ----------
    .. [1] Dinh, L., Sohl-Dickstein, J. and Bengio, S. (2017). Density estimation using Real NVP. ICLR 2017.
           https://arxiv.org/abs/1605.08803

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble.generative import RealNVP
    >>> X = load_iris(as_frame=True).data
    >>> model = RealNVP(n_layers=4, max_epochs=5, random_state=0).fit(X)
    >>> list(model.sample(3).columns) == list(X.columns)
    True
    """

    _stack = Stack(("actnorm",), ("affine_coupling",), _WHITENED)


class Glow(AffineFlow):
    """Normalizing flow of affine couplings with scales and invertible linear maps between them [1]_.

    The last layer is a linear map of all columns. Couplings are the identity at first, so training starts from the
    covariance of the samples. A single column is transformed by splines, as in `NeuralSplineFlow`.

    Parameters
    ----------
    n_layers : int, default=8
        Number of transformations, each with a network of its own.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Number of units in each hidden layer of a network.
    activation : str, default="silu"
        Activation function of the hidden layers, see `skensemble.generative.ACTIVATIONS`.
    base : {"normal", "logistic", "student_t"}, default="student_t"
        Distribution of the latent variables. "student_t" (5 degrees of freedom) has heavy tails: affine layers can take
        a sample far out, and with "normal" its log density falls with the square of the distance, so that a single
        sample can outweigh thousands. For tables without outliers, the other two can be a little better.
    batch_size : int or "auto", default="auto"
        Number of samples per training step. "auto": a twentieth of the samples, at least 32 and at most 512.
    learning_rate : float, default=0.001
        Learning rate of the optimiser, Adam. Predictions use a moving average of the parameters.
    max_epochs : int, default=100
        Maximum number of passes over the samples.
    early_stopping : bool, default=True
        Whether to hold out samples, stop when their likelihood no longer increases, and keep the parameters with the
        highest likelihood.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), that is held out.
    n_iter_no_change : int, default=20
        Number of epochs without a higher likelihood of the held-out samples after which training stops.
    condition_columns : array-like of names or positions, or a mask, default=None
        Columns to condition on: the model is the distribution of the other columns given these (and `y`). None: all
        columns are modelled.
    encoder : TableEncoder or None, default=None
        Encoder that turns the table into numbers and back; it is cloned. None: `TableEncoder()`.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of `fit`, and of `sample` unless it is given another one.
    verbose : int or bool, default=0
        Whether to print the losses of each epoch.

    Attributes
    ----------
    encoder_ : TableEncoder
        The fitted encoder.
    classes_ : ndarray of shape (n_classes,)
        Sorted class labels, if `y` of `fit` holds classes.
    likelihood_ : "exact"
        Kind of the log densities: exact for numbers. For categories, integers and missing cells they are log
        probabilities, estimated by the mean density at 16 to 256 places in their boxes, see `TableEncoder`: over all
        rows that there can be, probabilities of categories alone add up to 1 within a few percent.
    n_iter_ : int
        Number of training steps.
    loss_curve_ : ndarray
        Mean negative log-likelihood of the batches of each epoch, per encoded sample.
    validation_curve_ : ndarray
        Mean negative log-likelihood of the held-out samples after each epoch; empty without early stopping.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all names are strings.

    See Also
    --------
    RealNVP : Without linear maps between the coupling layers.

    References
    ----------
    .. [1] Kingma, D. P. and Dhariwal, P. (2018). Glow: generative flow with invertible 1x1 convolutions. NeurIPS 2018.
           https://arxiv.org/abs/1807.03039

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble.generative import Glow
    >>> X, y = load_iris(return_X_y=True)
    >>> model = Glow(n_layers=4, max_epochs=5, random_state=0).fit(X, y)
    >>> model.sample(3, y=2).shape
    (3, 4)
    """

    _stack = Stack(repeated=("actnorm", "linear", "affine_coupling"), last=_WHITENED)


class NeuralSplineFlow(NormalizingFlow):
    """Normalizing flow of couplings by monotone rational-quadratic splines with 8 bins and linear tails [1]_.

    It has the most flexible couplings and the best densities on most tables, and takes two to three times as long as
    `RealNVP`.

    Parameters
    ----------
    n_layers : int, default=8
        Number of transformations, each with a network of its own.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Number of units in each hidden layer of a network.
    activation : str, default="silu"
        Activation function of the hidden layers, see `skensemble.generative.ACTIVATIONS`.
    base : {"normal", "logistic", "student_t"}, default="normal"
        Distribution of the latent variables. "student_t" (5 degrees of freedom) has heavy tails, for tables with
        outliers.
    batch_size : int or "auto", default="auto"
        Number of samples per training step. "auto": a twentieth of the samples, at least 32 and at most 512.
    learning_rate : float, default=0.001
        Learning rate of the optimiser, Adam. Predictions use a moving average of the parameters.
    max_epochs : int, default=100
        Maximum number of passes over the samples.
    early_stopping : bool, default=True
        Whether to hold out samples, stop when their likelihood no longer increases, and keep the parameters with the
        highest likelihood.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), that is held out.
    n_iter_no_change : int, default=20
        Number of epochs without a higher likelihood of the held-out samples after which training stops.
    condition_columns : array-like of names or positions, or a mask, default=None
        Columns to condition on: the model is the distribution of the other columns given these (and `y`). None: all
        columns are modelled.
    encoder : TableEncoder or None, default=None
        Encoder that turns the table into numbers and back; it is cloned. None: `TableEncoder()`.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of `fit`, and of `sample` unless it is given another one.
    verbose : int or bool, default=0
        Whether to print the losses of each epoch.

    Attributes
    ----------
    encoder_ : TableEncoder
        The fitted encoder.
    classes_ : ndarray of shape (n_classes,)
        Sorted class labels, if `y` of `fit` holds classes.
    likelihood_ : "exact"
        Kind of the log densities: exact for numbers. For categories, integers and missing cells they are log
        probabilities, estimated by the mean density at 16 to 256 places in their boxes, see `TableEncoder`: over all
        rows that there can be, probabilities of categories alone add up to 1 within a few percent.
    n_iter_ : int
        Number of training steps.
    loss_curve_ : ndarray
        Mean negative log-likelihood of the batches of each epoch, per encoded sample.
    validation_curve_ : ndarray
        Mean negative log-likelihood of the held-out samples after each epoch; empty without early stopping.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all names are strings.

    See Also
    --------
    RealNVP : Affine coupling layers, which are faster.

    References
    ----------
    .. [1] Durkan, C., Bekasov, A., Murray, I. and Papamakarios, G. (2019). Neural spline flows. NeurIPS 2019.
           https://arxiv.org/abs/1906.04032

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble.generative import NeuralSplineFlow
    >>> X = load_iris().data
    >>> model = NeuralSplineFlow(n_layers=4, max_epochs=5, random_state=0).fit(X)
    >>> model.score_samples(X).shape
    (150,)
    """

    _stack = Stack(("actnorm",), ("spline_coupling",))


class MaskedAutoregressiveFlow(AffineFlow):
    """Normalizing flow in which each column is scaled and shifted given the columns before it [1]_.

    The order of the columns is reversed from layer to layer. Densities take one pass through the networks, samples one
    pass per column. A single column is transformed by splines, as in `NeuralSplineFlow`.

    Parameters
    ----------
    n_layers : int, default=8
        Number of transformations, each with a network of its own.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Number of units in each hidden layer of a network.
    activation : str, default="silu"
        Activation function of the hidden layers, see `skensemble.generative.ACTIVATIONS`.
    base : {"normal", "logistic", "student_t"}, default="student_t"
        Distribution of the latent variables. "student_t" (5 degrees of freedom) has heavy tails: affine layers can take
        a sample far out, and with "normal" its log density falls with the square of the distance, so that a single
        sample can outweigh thousands. For tables without outliers, the other two can be a little better.
    batch_size : int or "auto", default="auto"
        Number of samples per training step. "auto": a twentieth of the samples, at least 32 and at most 512.
    learning_rate : float, default=0.001
        Learning rate of the optimiser, Adam. Predictions use a moving average of the parameters.
    max_epochs : int, default=100
        Maximum number of passes over the samples.
    early_stopping : bool, default=True
        Whether to hold out samples, stop when their likelihood no longer increases, and keep the parameters with the
        highest likelihood.
    validation_fraction : float, default=0.1
        Fraction of the samples, in (0, 1), that is held out.
    n_iter_no_change : int, default=20
        Number of epochs without a higher likelihood of the held-out samples after which training stops.
    condition_columns : array-like of names or positions, or a mask, default=None
        Columns to condition on: the model is the distribution of the other columns given these (and `y`). None: all
        columns are modelled.
    encoder : TableEncoder or None, default=None
        Encoder that turns the table into numbers and back; it is cloned. None: `TableEncoder()`.
    n_jobs : int or None, default=None
        Number of threads. -1: all cores; -2: all but one. None: all cores, or fewer where OMP_NUM_THREADS,
        NUMBA_NUM_THREADS, `joblib.parallel_config` or threadpoolctl set a limit. No result depends on it.
    random_state : int, RandomState instance or None, default=None
        Seed of `fit`, and of `sample` unless it is given another one.
    verbose : int or bool, default=0
        Whether to print the losses of each epoch.

    Attributes
    ----------
    encoder_ : TableEncoder
        The fitted encoder.
    classes_ : ndarray of shape (n_classes,)
        Sorted class labels, if `y` of `fit` holds classes.
    likelihood_ : "exact"
        Kind of the log densities: exact for numbers. For categories, integers and missing cells they are log
        probabilities, estimated by the mean density at 16 to 256 places in their boxes, see `TableEncoder`: over all
        rows that there can be, probabilities of categories alone add up to 1 within a few percent.
    n_iter_ : int
        Number of training steps.
    loss_curve_ : ndarray
        Mean negative log-likelihood of the batches of each epoch, per encoded sample.
    validation_curve_ : ndarray
        Mean negative log-likelihood of the held-out samples after each epoch; empty without early stopping.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all names are strings.

    See Also
    --------
    RealNVP : One pass for densities and one for samples.

    References
    ----------
    .. [1] Papamakarios, G., Pavlakou, T. and Murray, I. (2017). Masked autoregressive flow for density estimation.
           NeurIPS 2017. https://arxiv.org/abs/1705.07057

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble.generative import MaskedAutoregressiveFlow
    >>> X = load_iris().data
    >>> model = MaskedAutoregressiveFlow(n_layers=3, max_epochs=5, random_state=0).fit(X)
    >>> model.sample(2).shape
    (2, 4)
    """

    _stack = Stack(repeated=("actnorm", "affine_autoregressive"))
