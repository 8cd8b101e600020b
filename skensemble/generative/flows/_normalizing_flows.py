"""NICE, RealNVP, Glow, NeuralSplineFlow, MaskedAutoregressiveFlow: models of tables with exact densities."""

from skensemble.generative.flows._flow_model import NormalizingFlow
from skensemble.generative.flows._layers import Stack

# Layers at the end that make untrained couplings a Gaussian with a full covariance: affine couplings alone are slow to
# learn correlations, and on tables with heavy tails do not get there.
_WHITENED = ("actnorm", "whitening")


class NICE(NormalizingFlow):
    """Additive couplings and a scale for each column at the end [1]_: they keep volume, but for the scales.

    Parameters
    ----------
    n_layers : int, default=8
        Transformations one after the other.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Units of the hidden layers of each transformation's network.
    activation : str, default="silu"
        A name in `skensemble.generative.ACTIVATIONS`.
    base : {"normal", "logistic", "student_t"}, default="normal"
        Distribution of the latents; "student_t" (5 degrees of freedom) has the heavy tails that outliers ask for.
    batch_size : int or "auto", default="auto"
        Rows of a step. "auto" takes a 20th of the rows, between 32 and 512.
    learning_rate : float, default=0.001
        Of Adam. A moving average of the parameters is what predicts.
    max_epochs : int, default=100
        Passes over the rows, at most.
    early_stopping : bool, default=True
        Hold out rows, stop when their likelihood no longer rises, and take the parameters where it was highest.
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows that are held out.
    n_iter_no_change : int, default=20
        Epochs without a higher likelihood of the held-out rows before training stops.
    condition_columns : array-like of names or positions, or a mask, default=None
        Columns that are given: the model is the distribution of the others given these (and `y`). None: all columns are
        modelled.
    encoder : TableEncoder or None, default=None
        How the table becomes numbers; None for `TableEncoder()`.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. Results are the same for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of fit, and of `sample` unless it gets its own.
    verbose : int or bool, default=0
        Whether to print the losses of every epoch.

    Attributes
    ----------
    encoder_ : TableEncoder
        Fitted.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted, if fit got labels that are classes.
    likelihood_ : "exact"
        What `score_samples` gives; of categories, integers and missing cells, the log probability, by the mean density
        at 8 places of their boxes, see `TableEncoder`.
    n_iter_ : int
        Steps taken.
    loss_curve_ : ndarray
        Mean negative log-likelihood of the batches of each epoch, per encoded row.
    validation_curve_ : ndarray
        That of held-out rows; empty without early stopping.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

    See Also
    --------
    RealNVP : Couplings that scale, too.

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


class RealNVP(NormalizingFlow):
    """Affine couplings [1]_: half of the columns scale and shift the others, in turn.

    A linear map of all columns comes last.  Training begins with the couplings as the identity, that is, with the
    Gaussian that has the covariance of the rows.

    Parameters
    ----------
    n_layers : int, default=8
        Transformations one after the other.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Units of the hidden layers of each transformation's network.
    activation : str, default="silu"
        A name in `skensemble.generative.ACTIVATIONS`.
    base : {"normal", "logistic", "student_t"}, default="normal"
        Distribution of the latents; "student_t" (5 degrees of freedom) has the heavy tails that outliers ask for.
    batch_size : int or "auto", default="auto"
        Rows of a step. "auto" takes a 20th of the rows, between 32 and 512.
    learning_rate : float, default=0.001
        Of Adam. A moving average of the parameters is what predicts.
    max_epochs : int, default=100
        Passes over the rows, at most.
    early_stopping : bool, default=True
        Hold out rows, stop when their likelihood no longer rises, and take the parameters where it was highest.
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows that are held out.
    n_iter_no_change : int, default=20
        Epochs without a higher likelihood of the held-out rows before training stops.
    condition_columns : array-like of names or positions, or a mask, default=None
        Columns that are given: the model is the distribution of the others given these (and `y`). None: all columns are
        modelled.
    encoder : TableEncoder or None, default=None
        How the table becomes numbers; None for `TableEncoder()`.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. Results are the same for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of fit, and of `sample` unless it gets its own.
    verbose : int or bool, default=0
        Whether to print the losses of every epoch.

    Attributes
    ----------
    encoder_ : TableEncoder
        Fitted.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted, if fit got labels that are classes.
    likelihood_ : "exact"
        What `score_samples` gives; of categories, integers and missing cells, the log probability, by the mean density
        at 8 places of their boxes, see `TableEncoder`.
    n_iter_ : int
        Steps taken.
    loss_curve_ : ndarray
        Mean negative log-likelihood of the batches of each epoch, per encoded row.
    validation_curve_ : ndarray
        That of held-out rows; empty without early stopping.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

    See Also
    --------
    Glow : Mixes the columns between the couplings.
    NeuralSplineFlow : Couplings that bend.

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


class Glow(NormalizingFlow):
    """Affine couplings with learned scales and invertible linear maps between them [1]_.

    A linear map of all columns comes last, too.  Training begins with the couplings as the identity, that is, with the
    Gaussian that has the covariance of the rows.

    Parameters
    ----------
    n_layers : int, default=8
        Transformations one after the other.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Units of the hidden layers of each transformation's network.
    activation : str, default="silu"
        A name in `skensemble.generative.ACTIVATIONS`.
    base : {"normal", "logistic", "student_t"}, default="normal"
        Distribution of the latents; "student_t" (5 degrees of freedom) has the heavy tails that outliers ask for.
    batch_size : int or "auto", default="auto"
        Rows of a step. "auto" takes a 20th of the rows, between 32 and 512.
    learning_rate : float, default=0.001
        Of Adam. A moving average of the parameters is what predicts.
    max_epochs : int, default=100
        Passes over the rows, at most.
    early_stopping : bool, default=True
        Hold out rows, stop when their likelihood no longer rises, and take the parameters where it was highest.
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows that are held out.
    n_iter_no_change : int, default=20
        Epochs without a higher likelihood of the held-out rows before training stops.
    condition_columns : array-like of names or positions, or a mask, default=None
        Columns that are given: the model is the distribution of the others given these (and `y`). None: all columns are
        modelled.
    encoder : TableEncoder or None, default=None
        How the table becomes numbers; None for `TableEncoder()`.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. Results are the same for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of fit, and of `sample` unless it gets its own.
    verbose : int or bool, default=0
        Whether to print the losses of every epoch.

    Attributes
    ----------
    encoder_ : TableEncoder
        Fitted.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted, if fit got labels that are classes.
    likelihood_ : "exact"
        What `score_samples` gives; of categories, integers and missing cells, the log probability, by the mean density
        at 8 places of their boxes, see `TableEncoder`.
    n_iter_ : int
        Steps taken.
    loss_curve_ : ndarray
        Mean negative log-likelihood of the batches of each epoch, per encoded row.
    validation_curve_ : ndarray
        That of held-out rows; empty without early stopping.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

    See Also
    --------
    RealNVP : The couplings alone.

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
    """Couplings by monotone rational-quadratic splines of 8 bins, with linear tails [1]_.

    The most flexible of the couplings: best on most tables, at two to three times the time.

    Parameters
    ----------
    n_layers : int, default=8
        Transformations one after the other.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Units of the hidden layers of each transformation's network.
    activation : str, default="silu"
        A name in `skensemble.generative.ACTIVATIONS`.
    base : {"normal", "logistic", "student_t"}, default="normal"
        Distribution of the latents; "student_t" (5 degrees of freedom) has the heavy tails that outliers ask for.
    batch_size : int or "auto", default="auto"
        Rows of a step. "auto" takes a 20th of the rows, between 32 and 512.
    learning_rate : float, default=0.001
        Of Adam. A moving average of the parameters is what predicts.
    max_epochs : int, default=100
        Passes over the rows, at most.
    early_stopping : bool, default=True
        Hold out rows, stop when their likelihood no longer rises, and take the parameters where it was highest.
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows that are held out.
    n_iter_no_change : int, default=20
        Epochs without a higher likelihood of the held-out rows before training stops.
    condition_columns : array-like of names or positions, or a mask, default=None
        Columns that are given: the model is the distribution of the others given these (and `y`). None: all columns are
        modelled.
    encoder : TableEncoder or None, default=None
        How the table becomes numbers; None for `TableEncoder()`.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. Results are the same for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of fit, and of `sample` unless it gets its own.
    verbose : int or bool, default=0
        Whether to print the losses of every epoch.

    Attributes
    ----------
    encoder_ : TableEncoder
        Fitted.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted, if fit got labels that are classes.
    likelihood_ : "exact"
        What `score_samples` gives; of categories, integers and missing cells, the log probability, by the mean density
        at 8 places of their boxes, see `TableEncoder`.
    n_iter_ : int
        Steps taken.
    loss_curve_ : ndarray
        Mean negative log-likelihood of the batches of each epoch, per encoded row.
    validation_curve_ : ndarray
        That of held-out rows; empty without early stopping.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

    See Also
    --------
    RealNVP : Affine couplings.

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


class MaskedAutoregressiveFlow(NormalizingFlow):
    """Each column scaled and shifted by what those before it say [1]_, in orders that alternate.

    Densities take one pass, samples one for each column.

    Parameters
    ----------
    n_layers : int, default=8
        Transformations one after the other.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Units of the hidden layers of each transformation's network.
    activation : str, default="silu"
        A name in `skensemble.generative.ACTIVATIONS`.
    base : {"normal", "logistic", "student_t"}, default="normal"
        Distribution of the latents; "student_t" (5 degrees of freedom) has the heavy tails that outliers ask for.
    batch_size : int or "auto", default="auto"
        Rows of a step. "auto" takes a 20th of the rows, between 32 and 512.
    learning_rate : float, default=0.001
        Of Adam. A moving average of the parameters is what predicts.
    max_epochs : int, default=100
        Passes over the rows, at most.
    early_stopping : bool, default=True
        Hold out rows, stop when their likelihood no longer rises, and take the parameters where it was highest.
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows that are held out.
    n_iter_no_change : int, default=20
        Epochs without a higher likelihood of the held-out rows before training stops.
    condition_columns : array-like of names or positions, or a mask, default=None
        Columns that are given: the model is the distribution of the others given these (and `y`). None: all columns are
        modelled.
    encoder : TableEncoder or None, default=None
        How the table becomes numbers; None for `TableEncoder()`.
    n_jobs : int or None, default=None
        Threads; None or -1 for all cores. Results are the same for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of fit, and of `sample` unless it gets its own.
    verbose : int or bool, default=0
        Whether to print the losses of every epoch.

    Attributes
    ----------
    encoder_ : TableEncoder
        Fitted.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted, if fit got labels that are classes.
    likelihood_ : "exact"
        What `score_samples` gives; of categories, integers and missing cells, the log probability, by the mean density
        at 8 places of their boxes, see `TableEncoder`.
    n_iter_ : int
        Steps taken.
    loss_curve_ : ndarray
        Mean negative log-likelihood of the batches of each epoch, per encoded row.
    validation_curve_ : ndarray
        That of held-out rows; empty without early stopping.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

    See Also
    --------
    RealNVP : Fast in both directions.

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
