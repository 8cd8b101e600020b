"""Any regressor of scikit-learn as the regressor of a field: it is fitted to a single draw."""

import numpy as np
from sklearn.base import clone
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils import get_tags

from skensemble.generative.paths._smoothness import is_piecewise_constant

ROWS = 20_000  # minimum size of the draw, unless rows would be drawn more often than
MOST_REPEATS = 50


class PlainRegressor:
    """Fits a regressor to (features, targets) of a draw.

    For a regressor that does not support missing values these are replaced by 0 and marked in columns of their own.
    One that supports a single target is fitted once per column.
    """

    def __init__(self, regressor):
        self.regressor = regressor
        self._takes_missing = get_tags(regressor).input_tags.allow_nan

    @property
    def is_smooth(self):
        """Whether predictions are smooth in the features."""
        return not is_piecewise_constant(self.regressor)

    def fit_draws(self, draws, callback=None):
        """Fit it; draws : FieldDraws."""
        n_repeats = int(np.clip(-(-ROWS // draws.n_counted), 1, MOST_REPEATS))
        batch = draws.draw(n_repeats)
        self._condition = draws.layout.condition
        regressor = clone(self.regressor)
        if draws.n_columns > 1 and not _takes_several_targets(regressor):
            regressor = MultiOutputRegressor(regressor)
        targets = batch.targets if draws.n_columns > 1 else batch.targets[:, 0]
        self.regressor_ = regressor.fit(self._complete(batch.features), targets)
        return self

    def predict(self, features):
        return self.regressor_.predict(self._complete(features))

    def _complete(self, features):
        condition = features[:, self._condition]
        if self._takes_missing or condition.shape[1] == 0:
            return features
        is_missing = np.isnan(condition)
        features = np.hstack([features, is_missing])
        features[:, self._condition] = np.where(is_missing, 0.0, condition)
        return features


def _takes_several_targets(regressor):
    return get_tags(regressor).target_tags.multi_output
