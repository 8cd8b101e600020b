"""Known cells: what a regressor would have to predict for them follows from the path."""

import numpy as np

from skensemble.generative.paths._paths import Endpoints, target_of


def with_known_cells(value, features, layout, prediction, path):
    """Predictions (n_rows, n_columns) for features laid out by `layout`, exact where these show the cell."""
    if not layout.n_known:
        return value
    given = layout.read(features)
    return np.where(np.isnan(given.known), value, target_of_known(given, prediction, path))


def target_of_known(given, prediction, path):
    """What a regressor has to predict for the cells that a FieldInput shows; NaN for the others."""
    t, known = given.t, given.known
    x = given.x * path.scale(t)[:, np.newaxis]
    alpha, sigma = path.alpha(t)[:, np.newaxis], np.maximum(path.sigma(t), 1e-12)[:, np.newaxis]
    return target_of(prediction, Endpoints(known, (x - alpha * known) / sigma), t, path)
