"""What every estimator of the package is: what notebooks show of it, and what its pickles hold."""

import sys
from functools import cache

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skensemble._notebook_summary import notebook_summary

STATE_FORMAT = 4  # of fitted attributes in pickles; goes up when they change
ANY_TABLE = "allow_nan", "sparse", "categorical", "string"  # scikit-learn's names of what X may hold or be
_NOT_PICKLED = ("_callback_fit_ctx", "_skl_callbacks_to_teardown", "_columns_of_fit")  # of a running fit; from names


class Estimator(BaseEstimator):
    """Base class of all public estimators.

    Pickles carry the format of the fitted attributes.  One of another format is refused when it is loaded, since its
    attributes would only fail later, or predict something else.
    """

    _doc_link_module = "skensemble"
    _doc_link_template = (
        "https://skensemble.readthedocs.io/en/latest/reference.html#{estimator_module}.{estimator_name}"
    )
    _made_when_needed = ()  # attributes that are computed from others on first use, and not pickled
    _is_slim = False  # whether it comes from a file without what only training needs
    _columns_of_fit = None  # Index of the columns of fit, if that was a frame of pandas
    _reads_any_table = False  # whether X may be all of ANY_TABLE

    def __getstate__(self):
        state = super().__getstate__().copy()
        for name in (*self._made_when_needed, *_NOT_PICKLED):
            state.pop(name, None)
        return {**state, "_state_format": STATE_FORMAT, "_skensemble_version": _version()}

    def __setstate__(self, state):
        state = dict(state)
        found, version = state.pop("_state_format", None), state.pop("_skensemble_version", "an earlier version")
        is_fitted = not state.keys() <= parameter_names(type(self))
        if is_fitted and found != STATE_FORMAT:
            raise ValueError(
                f"This {type(self).__name__} was pickled by another version of skensemble, {version}: its fitted "
                f"attributes have format {found or 1}, and this version, {_version()}, reads format {STATE_FORMAT}. "
                "Fit it again, or load it with the version that wrote it. Files that save_model wrote are read by all "
                "later versions."
            )
        super().__setstate__(state)
        if hasattr(self, "feature_names_in_"):
            self._columns_of_fit = pd.Index(self.feature_names_in_)
        if is_fitted:
            self._check_loaded()

    def _goes_on(self, is_fitted):
        """Whether a fit goes on with the model that there is (`warm_start`)."""
        goes_on = self.warm_start and is_fitted
        if goes_on and self._is_slim:
            raise ValueError(
                "warm_start must be False for a model from a file that was saved with slim=True, which leaves out what "
                "training needs, got True."
            )
        self.__dict__.pop("_is_slim", None)
        return goes_on

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        for name in ANY_TABLE if self._reads_any_table else ():
            setattr(tags.input_tags, name, True)
        return tags

    # -- in notebooks ------------------------------------------------------------------------------------------------

    def _facts(self):
        """Pairs of a name and a text that say what was fitted."""
        return []

    def _curves(self):
        """(scores of training rows, scores of held-out rows), the larger the better; None where there are none."""
        return None

    def _bars(self):
        """(caption, names, values) of numbers to compare; None where there are none."""
        return None

    def _notebook_summary(self):
        """HTML of what was fitted; nothing before."""
        try:
            check_is_fitted(self)
        except NotFittedError:
            return ""
        return notebook_summary(self._facts(), self._curves(), self._bars())

    def _repr_html_inner(self):
        return super()._repr_html_inner() + self._notebook_summary()

    def _repr_mimebundle_(self, **kwargs):
        shown = super()._repr_mimebundle_(**kwargs)
        if "text/html" in shown:
            shown["text/html"] += self._notebook_summary()
        return shown

    # -- after loading -----------------------------------------------------------------------------------------------

    def _check_loaded(self):
        """Raise a ValueError if fitted attributes that were just loaded could lead a kernel out of its arrays."""


@cache
def parameter_names(cls):
    """Names of the parameters of a class of estimators."""
    return frozenset(cls._get_param_names())


def _version():
    return sys.modules["skensemble"].__version__
