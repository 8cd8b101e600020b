"""A table whose missing cells are filled in from another one."""

import numpy as np
import pandas as pd

from skensemble.generative.tables._containers import container_of


def filled_table(X, completed):
    """X with the missing cells of `completed`: known cells stay as they are, whatever their rounding and range.

    completed : a table like X without missing cells
    """
    container = container_of(X)
    if isinstance(X, pd.DataFrame):
        filled = completed.set_axis(X.index)
        for j in range(X.shape[1]):
            known, new = X.iloc[:, j], filled.iloc[:, j]
            if known.notna().any() and known.dtype == new.dtype:
                filled.isetitem(j, new.where(known.isna(), known))
        return filled
    if isinstance(completed, np.ndarray):
        frame = container.frame(X)
        return np.where(frame.isna().to_numpy(), completed, frame.to_numpy())
    return completed
