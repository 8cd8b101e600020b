import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor

from skensemble.generative.fields._field_training import FieldDraws
from skensemble.generative.fields._plain_regressor import PlainRegressor
from skensemble.generative.paths._paths import PATHS


def _draws(n_columns, condition=None):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(60, n_columns))
    return FieldDraws(data, condition, None, PATHS["linear"](), "data", rng, dropped_share=0.3)


@pytest.mark.parametrize("n_columns", [1, 3])
@pytest.mark.parametrize(
    "regressor", [Ridge(), DecisionTreeRegressor(max_depth=4), GradientBoostingRegressor(n_estimators=5)], ids=repr
)
def test_any_regressor_fits_draws(regressor, n_columns):
    condition = np.tile([[0.0], [1.0]], (30, 1))
    fitted = PlainRegressor(regressor).fit_draws(_draws(n_columns, condition))
    batch = _draws(n_columns, condition).draw(2)
    predicted = np.reshape(fitted.predict(batch.features), batch.targets.shape)
    assert np.isfinite(predicted).all()
    assert ((predicted - batch.targets) ** 2).mean() < ((batch.targets - batch.targets.mean(axis=0)) ** 2).mean()
    assert not hasattr(regressor, "n_features_in_")  # the given one stays unfitted


def test_missing_conditions_are_marked_for_regressors_that_take_none():
    fitted = PlainRegressor(Ridge()).fit_draws(_draws(2, np.ones((60, 1))))
    features = _draws(2, np.ones((60, 1))).draw(1).features
    assert fitted.regressor_.n_features_in_ == features.shape[1] + 1
    kept = PlainRegressor(DecisionTreeRegressor(max_depth=2)).fit_draws(_draws(2, np.ones((60, 1))))
    assert kept.regressor_.n_features_in_ == features.shape[1]
