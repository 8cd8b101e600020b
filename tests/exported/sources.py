"""Predictions through sources: C that is compiled, and SQL that is sent to SQLite and to DuckDB."""

import ctypes
import shutil
import sqlite3
import subprocess

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from skensemble import export_model
from tests.exported.models import TABLE

COMPILER = shutil.which("cc")


def through_c(model, folder):
    """Predictions of a model by its C source, compiled to a library; None where there is no compiler."""
    export_model(model, folder / "model.c", to="c")
    if COMPILER is None:
        return None
    command = [COMPILER, "-std=c99", "-Wall", "-Werror", "-Wno-unused-variable", "-shared", "-fPIC", "-O1"]
    subprocess.run([*command, "model.c", "-o", "model.so", "-lm"], cwd=folder, check=True)
    library = ctypes.CDLL(str(folder / "model.so"))
    library.model_level.restype = ctypes.c_double
    n_predictions = len(getattr(model, "classes_", ())) or np.size(model.predict(model_row(model)))

    def predict(rows):
        found = np.empty((len(rows), n_predictions))
        for row, answer in zip(_cells(library, rows), found):
            library.model_predict(*(ctypes.c_void_p(array.ctypes.data) for array in (row, answer)))
        return found

    return predict


def model_row(model):
    """One row of missing cells."""
    return TABLE[:1] if hasattr(model, "feature_names_in_") else np.full((1, model.n_features_in_), np.nan)


def _cells(library, rows):
    """Rows of float64, whose text is the number of its level."""
    if not isinstance(rows, pd.DataFrame):
        return np.array(rows, np.float64)
    columns = []
    for j, name in enumerate(rows):
        if name == "text":
            texts = rows[name].astype(object)
            columns.append([np.nan if pd.isna(x) else library.model_level(j, x.encode()) for x in texts])
        else:
            columns.append(rows[name].astype(float))
    return np.ascontiguousarray(np.column_stack(columns))


def through_sql(model, folder):
    """Predictions of a model by its statement, in SQLite."""
    export_model(model, folder / "model.sql", to="sql")
    statement = (folder / "model.sql").read_text()

    def predict(rows):
        frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows).add_prefix("x")
        cells = frame.astype(object).where(frame.notna(), None).astype(object)
        connection = sqlite3.connect(":memory:")
        connection.create_function("exp", 1, lambda x: float(np.exp(x)))
        names = ", ".join(f'"{name}"' for name in frame)
        connection.execute(f"CREATE TABLE input_rows (row_id, {names})")
        marks = ", ".join("?" * (1 + frame.shape[1]))
        connection.executemany(
            f"INSERT INTO input_rows VALUES ({marks})",
            [(i, *map(_plain, row)) for i, row in enumerate(cells.itertuples(index=False))],
        )
        return np.array(connection.execute(statement).fetchall())[:, 1:]

    return predict


def through_duckdb(model, folder):
    """Predictions of a model by its statement, in DuckDB, from a Parquet file in which missing numbers are NaN."""
    export_model(model, folder / "model.sql", to="sql")
    statement = (folder / "model.sql").read_text()

    def predict(rows):
        frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows).add_prefix("x")
        columns = {"row_id": pa.array(np.arange(len(frame)))}
        for name, column in frame.items():
            is_float = column.dtype.kind == "f"
            columns[name] = pa.array(column.to_numpy() if is_float else column.astype(object), from_pandas=not is_float)
        parquet.write_table(pa.table(columns), folder / "rows.parquet")
        connection = duckdb.connect()
        connection.execute(f"CREATE VIEW input_rows AS FROM '{folder / 'rows.parquet'}'")
        return np.array(connection.execute(statement).fetchall())[:, 1:]

    return predict


def _plain(cell):
    return cell.item() if isinstance(cell, np.generic) else cell
