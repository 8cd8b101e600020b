"""Encoders of frames of pyarrow and polars give the same frames after they were saved."""

import datetime
import io

import pandas as pd
import pytest

from skensemble import load_model, save_model
from skensemble.generative import TableEncoder
from skensemble.model_files._frame_types import read_arrow_type

pa = pytest.importorskip("pyarrow")
N_ROWS = 24
COLUMNS = {
    "number": [0.5 * k for k in range(N_ROWS)],
    "whole": [k % 7 for k in range(N_ROWS)],
    "text": [["a", "b", None][k % 3] for k in range(N_ROWS)],
    "flag": [k % 2 == 0 for k in range(N_ROWS)],
    "day": [datetime.date(2024, 1, 1 + k) for k in range(N_ROWS)],
    "moment": [datetime.datetime(2024, 1, 1, k) for k in range(N_ROWS)],
}


def saved_and_loaded(model):
    file = io.BytesIO()
    save_model(model, file)
    file.seek(0)
    return load_model(file)


def arrow_table():
    table = pa.table(COLUMNS)
    zoned = pa.array(COLUMNS["moment"], pa.timestamp("us", tz="Europe/Berlin"))
    table = table.append_column("zone", zoned)
    table = table.append_column("level", pa.array(COLUMNS["text"]).dictionary_encode())
    return table.append_column("small", pa.array(COLUMNS["whole"], pa.int8()))


def test_tables_of_pyarrow():
    table = arrow_table()
    encoder = TableEncoder().fit(table)
    loaded = saved_and_loaded(encoder)
    encoded = encoder.transform(table)
    assert (loaded.transform(table) == encoded).all()
    assert loaded.inverse_transform(encoded).equals(encoder.inverse_transform(encoded))
    assert loaded.inverse_transform(encoded).schema == table.schema


def test_frames_of_polars():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(COLUMNS).with_columns(
        pl.col("text").cast(pl.Categorical).alias("level"),
        pl.col("text").cast(pl.Enum(["a", "b"])).alias("enum"),
        pl.col("moment").dt.replace_time_zone("UTC").alias("zone"),
        pl.col("whole").cast(pl.Int16),
    )
    encoder = TableEncoder().fit(frame)
    loaded = saved_and_loaded(encoder)
    encoded = encoder.transform(frame)
    assert (loaded.transform(frame) == encoded).all()
    restored = loaded.inverse_transform(encoded)
    assert restored.schema == encoder.inverse_transform(encoded).schema
    assert restored.equals(encoder.inverse_transform(encoded))


@pytest.mark.parametrize("columns", [[1, 2, 3], [("a", 1), ("a", 2), ("b", 1)]])
def test_labels_that_are_no_names(columns):
    frame = pd.DataFrame({k: [1.0, 2.5, 4.0] for k in range(3)})
    frame.columns = pd.MultiIndex.from_tuples(columns) if isinstance(columns[0], tuple) else columns
    encoder = TableEncoder().fit(frame)
    restored = saved_and_loaded(encoder).inverse_transform(encoder.transform(frame))
    pd.testing.assert_index_equal(restored.columns, frame.columns)


@pytest.mark.parametrize("entry", [["system"], ["timestamp", "year", None], ["dictionary", ["os"], ["string"], False]])
def test_unknown_types_are_refused(entry):
    with pytest.raises(ValueError, match="not a type of pyarrow|must be one of"):
        read_arrow_type(entry)
