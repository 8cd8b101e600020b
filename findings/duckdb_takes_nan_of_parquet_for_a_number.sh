#!/usr/bin/env bash
# DuckDB finds no NaN in a Parquet file that polars or pyarrow wrote, though it shows the cells.
#
# Seen with duckdb 2.0.1, polars 2.1.0 and pyarrow 26.0.1.  A column 1, NaN, 3, NaN; in DuckDB NaN is larger than all numbers:
#
#   query                                    of the Parquet file   of the same rows in a table
#   SELECT a, isnan(a)                       nan, False            nan, True
#   SELECT a, isnan(a + 1)                   nan, False            nan, True
#   SELECT a, isnan(nullif(a, 0))            nan, True             nan, True
#   COUNT(*) WHERE isnan(a)                  0                     2
#   COUNT(*) WHERE a > 4                     0                     2
#   MAX(a), of pyarrow's file                3                     nan
#
# Parquet leaves NaN out of the smallest and largest value of a column, as its specification asks.  DuckDB takes the largest value for
# a bound of all cells, and answers comparisons and isnan from it before a row is read; arithmetic hands the bound on, nullif loses it.
# A file that DuckDB itself wrote is read right: it writes no such values where there is NaN.  So rows without a measurement, of
# features that polars saved, are counted as none, and a model in SQL sends them where small numbers go.  Write them as null (polars:
# `fill_nan(None)`; pandas does).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check duckdb==2.0.1 polars==2.1.0 pyarrow==26.0.1 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import math

import duckdb
import polars
import pyarrow
from pyarrow import parquet

CELLS = [1.0, math.nan, 3.0, math.nan]
polars.DataFrame({"a": CELLS}).write_parquet("polars.parquet")
parquet.write_table(pyarrow.table({"a": pyarrow.array(CELLS)}), "pyarrow.parquet")
database = duckdb.connect()
database.execute("CREATE TABLE loaded AS FROM 'polars.parquet'")
database.execute("COPY loaded TO 'duckdb.parquet'")

QUERIES = {
    "isnan(a)": "SELECT LIST(n) FROM (SELECT isnan(a) AS n FROM {})",
    "isnan(a + 1)": "SELECT LIST(n) FROM (SELECT isnan(a + 1) AS n FROM {})",
    "isnan(nullif(a, 0))": "SELECT LIST(n) FROM (SELECT isnan(nullif(a, 0)) AS n FROM {})",
    "COUNT(*) WHERE isnan(a)": "SELECT COUNT(*) FROM {} WHERE isnan(a)",
    "COUNT(*) WHERE a > 4": "SELECT COUNT(*) FROM {} WHERE a > 4",
    "MAX(a)": "SELECT MAX(a) FROM {}",
}
NONE, SECOND_AND_LAST = [False] * 4, [False, True, False, True]
answers = {}
for source in ("'polars.parquet'", "'pyarrow.parquet'", "'duckdb.parquet'", "loaded"):
    answers[source] = [database.execute(query.format(source)).fetchone()[0] for query in QUERIES.values()]
    print(f"{source:18}", dict(zip(QUERIES, answers[source])))
for source in ("loaded", "'duckdb.parquet'"):
    assert answers[source][:5] == [SECOND_AND_LAST] * 3 + [2, 2] and math.isnan(answers[source][5]), source
for source in ("'polars.parquet'", "'pyarrow.parquet'"):
    assert answers[source][:5] == [NONE, NONE, SECOND_AND_LAST, 0, 0], f"{source} is read otherwise now"
assert answers["'pyarrow.parquet'"][5] == 3
assert database.execute("SELECT COUNT(*) FROM 'polars.parquet' WHERE a::VARCHAR = 'nan'").fetchone()[0] == 2
PYTHON
