"""What a model says about the rows of a file, as a table of predictions."""

import os

import numpy as np
import pandas as pd

from skensemble.serving._table_files import TableFileError, read_parts, table_writer
from skensemble.tree.trees._inspected import Inspected


def predict_file(model, path, out, stream, report=None):
    """Predict the rows of a file, and write them to the file `out`, or to a stream where it is None.

    report : function of the number of rows that are done, called after each part
    Returns the number of rows.
    """
    if not hasattr(model, "predict"):
        raise TableFileError(f"{type(model).__name__} does not predict: its models sample, or score rows in Python.")
    if out is not None and os.path.exists(out) and os.path.samefile(out, path):
        raise TableFileError(f"the file for the predictions must be another one than that of the rows, got {out}.")
    n_rows = 0
    with table_writer(out, stream) as write:
        for part in read_parts(path, columns_of(model), texts_of(model)):
            write(predictions(model, part))
            n_rows += len(part)
            if report is not None:
                report(n_rows)
    return n_rows


def columns_of(model):
    """Names of the columns that a model was fitted to; None where it knows none."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else list(names)


def texts_of(model):
    """{column: its levels} of the columns whose levels are texts, as far as a model knows its levels."""
    names = columns_of(model)
    if names is None or not isinstance(model, Inspected):
        return {}
    levels = getattr(model._predictor().binner, "categories_", None) or [None] * len(names)
    return {
        name: each.tolist()
        for name, each in zip(names, levels)
        if each is not None and all(isinstance(level, str) for level in each)
    }


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
