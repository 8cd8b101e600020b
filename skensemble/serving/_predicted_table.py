"""What a model says about the rows of a file, as a table of predictions."""

import os

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skensemble.serving._table_files import TableFileError, read_parts, table_writer
from skensemble.tree.trees._inspected import Inspected


def predict_file(model, path, out, stream, report=None):
    """Predict the rows of a file, and write them to the file `out`, or to a stream where it is None.

    report : function of the number of rows that are done, called after each part
    Returns the number of rows.
    """
    _check_predicts(model)
    if out is not None and os.path.exists(out) and os.path.samefile(out, path):
        raise TableFileError(f"the file for the predictions must be another one than that of the rows, got {out}.")
    n_rows = 0
    with table_writer(out, stream) as write:
        for part in read_parts(path, columns_of(model), texts_of(model)):
            write(_predictions_of(path, model, part))
            n_rows += len(part)
            if report is not None:
                report(n_rows)
    return n_rows


def _check_predicts(model):
    name = type(model).__name__
    if not hasattr(model, "predict"):
        raise TableFileError(f"{name} does not predict: its models sample, or score rows in Python.")
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise TableFileError(f"the model, a {name}, has not been fitted.") from None


def _predictions_of(path, model, rows):
    try:
        return predictions(model, rows)
    except (ValueError, TypeError) as error:
        raise TableFileError(f"{path} has rows that the model cannot predict: {error}") from None


def columns_of(model):
    """Names of the columns that a model was fitted to; None where it knows none."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else list(names)


def texts_of(model):
    """{place of a column: its levels} of the columns whose levels are texts, as far as a model knows its levels."""
    return {
        place: list(levels) for place, levels in _levels_of(model) if all(isinstance(level, str) for level in levels)
    }


def _levels_of(model):
    """Pairs of the place of a column of categories and its levels."""
    if isinstance(model, Inspected):
        try:
            binner = model._predictor().binner
        except ValueError:  # a sum of other models than trees
            return []
        levels = getattr(binner, "categories_", None) or []
        return [(place, each) for place, each in enumerate(levels) if each is not None]
    foreign = getattr(getattr(model, "_additive", None), "binner", None)
    return [(place, each.names) for place, each in getattr(foreign, "categories", {}).items() if each.names is not None]


def predictions(model, rows):
    """A frame: `prediction`, or `prediction_1` and so on, and `probability_` of each class where there are classes."""
    if columns_of(model) is None:
        rows = rows.to_numpy()
    predicted = np.asarray(model.predict(rows))
    several = predicted.ndim == 2
    columns = {f"prediction_{k + 1}": predicted[:, k] for k in range(predicted.shape[1])} if several else {}
    columns = columns or {"prediction": predicted}
    if hasattr(model, "predict_proba") and not several:
        probabilities = model.predict_proba(rows)
        columns |= {f"probability_{label}": probabilities[:, k] for k, label in enumerate(model.classes_)}
    return pd.DataFrame(columns)
