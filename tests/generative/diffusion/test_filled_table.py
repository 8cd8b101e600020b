import numpy as np
import pandas as pd

from skensemble.generative.diffusion._filled_table import filled_table


def test_known_cells_of_a_frame_stay_and_missing_ones_are_taken():
    X = pd.DataFrame({"a": [1.23456, np.nan], "b": pd.Categorical(["x", None])}, index=[7, 9])
    completed = pd.DataFrame({"a": [1.2, 3.4], "b": pd.Categorical(["x", "x"])})
    filled = filled_table(X, completed)
    assert filled.index.tolist() == [7, 9]
    assert filled["a"].tolist() == [1.23456, 3.4]
    assert filled["b"].tolist() == ["x", "x"]


def test_arrays_stay_arrays():
    X = np.array([[1.0, np.nan], [np.nan, 4.0]])
    np.testing.assert_array_equal(filled_table(X, np.full((2, 2), 9.0)), [[1.0, 9.0], [9.0, 4.0]])
