"""What containers make of tables that are not frames."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

from skensemble._validation import read_table
from skensemble.generative.tables import _containers
from skensemble.generative.tables._containers import container_of, read_frame
from skensemble.generative.tables._format_choice import format_of


@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.csc_array, scipy.sparse.coo_array])
def test_sparse_matrices_are_made_dense(kind):
    X = np.array([[0.0, 2.0], [np.nan, 0.0], [0.0, 0.0]])
    frame = read_frame(kind(X))
    np.testing.assert_array_equal(frame.to_numpy(), X)
    restored = container_of(kind(X)).restore([frame[0].to_numpy(), frame[1].to_numpy()])
    np.testing.assert_array_equal(restored, X)


def test_large_sparse_matrices_are_refused(monkeypatch):
    monkeypatch.setattr(_containers, "MOST_DENSE_CELLS", 99)
    with pytest.raises(ValueError, match="at most 99 cells if it is a sparse matrix.* got 20 rows x 5 columns"):
        read_frame(scipy.sparse.csr_matrix((20, 5)))


def test_enums_of_polars_keep_their_order():
    sizes = pl.Enum(["small", "medium", "large"])
    X = pl.DataFrame({"size": pl.Series(["large", "small", None, "medium"], dtype=sizes), "x": [1.0, 2.0, 3.0, 4.0]})
    frame = read_frame(X)
    assert frame["size"].cat.ordered
    assert frame["size"].cat.codes.tolist() == [2, 0, -1, 1]
    assert container_of(X).restore([frame["size"].array, frame["x"].array]).equals(X)


def test_views_of_text_come_back_as_views():
    pa = pytest.importorskip("pyarrow", "18")  # has them
    X = pa.table({"text": pa.array(["u", None, "v"], pa.string_view()), "x": [1.0, 2.0, 3.0]})
    frame = read_frame(X)
    assert frame["text"].isna().tolist() == [False, True, False]
    assert container_of(X).restore([frame["text"].array, frame["x"].array]).equals(X)


def test_columns_that_pandas_cannot_read_are_named():
    pa = pytest.importorskip("pyarrow", "18")
    nested = pa.table({"both": pa.array([{"a": 1}, {"a": 2}])})
    with pytest.raises(TypeError, match=r"both must hold numbers, strings.*got dtype struct"):
        format_of(read_frame(nested)["both"], "both", False)
    view = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array(["u", "v"], pa.string_view())])))
    with pytest.raises(TypeError, match=r"text must .* in a layout that pandas reads, got dtype string_view"):
        format_of(view, "text", False)
    with pytest.raises(TypeError, match=r"'text' must .* in a layout that pandas reads, got dtype string_view"):
        read_table(pd.DataFrame({"text": view}))


@pytest.mark.parametrize("column", [pl.Series([1, 2], dtype=pl.Int128), pl.Series([object(), None], dtype=pl.Object)])
def test_columns_of_polars_that_arrow_does_not_have_are_refused(column):
    with pytest.raises(TypeError, match=f"column 'a' must hold numbers, .* got dtype {column.dtype}: cast it"):
        read_frame(pl.DataFrame({"a": column}))
