"""What NumPy would misread: collections that are not in memory, and masked arrays."""

import re

import numpy as np
import pytest

from skensemble._input_kinds import LOADED_BY, check_in_memory, check_unmasked, without_mask
from skensemble._parameters import ParameterError


def collection(library, name="DataFrame", **members):
    """An object of a class that says it comes from a library, and that NumPy would read."""
    members["__array__"] = lambda self, *args, **kwargs: np.zeros((3, 2))
    return type(name, (), {"__module__": f"{library}.core", **members})()


@pytest.mark.parametrize("library", LOADED_BY)
def test_collections_that_are_not_in_memory(library):
    message = rf"X must be in memory, got a {library} DataFrame: .* Pass X{re.escape(LOADED_BY[library])}, or"
    with pytest.raises(ParameterError, match=message):
        check_in_memory(collection(library), "X")


def test_lazy_frames_and_containers_of_dask_arrays():
    pl = pytest.importorskip("polars")
    with pytest.raises(ParameterError, match=r"got a polars LazyFrame: .* Pass X\.collect\(\)"):
        check_in_memory(pl.LazyFrame({"a": [1]}), "X")
    with pytest.raises(ParameterError, match=r"got a xarray DataArray: .* Pass y\.compute\(\)"):
        check_in_memory(collection("xarray", "DataArray", __dask_graph__=lambda self: {}), "y")


def test_what_is_in_memory():
    pl = pytest.importorskip("polars")
    in_memory = collection("xarray", "DataArray", __dask_graph__=lambda self: None)
    for values in (None, 1.0, [1], np.zeros(2), pl.DataFrame({"a": [1]}), in_memory):
        check_in_memory(values, "X")


def test_masked_cells_are_missing():
    mask = [[False, True], [False, False]]
    nan = np.nan
    for values in ([[1.0, -9999.0], [2.0, 3.0]], [[1, -9999], [2, 3]]):
        np.testing.assert_array_equal(without_mask(np.ma.array(values, mask=mask)), [[1, nan], [2, 3]])
    rows = [np.ma.array([1, -9999], mask=[0, 1]), np.ma.array([2, 3])]
    np.testing.assert_array_equal(without_mask(rows), [[1, nan], [2, 3]])
    text = np.ma.array([["a", "?"], ["b", "c"]], mask=mask)
    assert without_mask(text).tolist() == [["a", None], ["b", "c"]]


def test_without_masked_cells_nothing_changes():
    values = np.arange(4, dtype=np.int8).reshape(2, 2)
    assert without_mask(np.ma.array(values)).dtype == np.int8
    assert without_mask(values) is values


def test_masked_targets_are_refused():
    check_unmasked(np.ma.array([1, 2]), "y")
    with pytest.raises(ValueError, match="y must have no missing values, got 2 masked ones"):
        check_unmasked(np.ma.array([1, 2, 3], mask=[1, 0, 1]), "y")
