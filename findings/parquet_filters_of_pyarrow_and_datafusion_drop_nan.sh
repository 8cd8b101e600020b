#!/usr/bin/env bash
# Filters of Parquet files drop rows of NaN that the same filter keeps in memory: pyarrow's datasets, pandas with `filters`, DataFusion.
#
# Seen with pyarrow 26.0.1, pandas 3.1.1, datafusion 55.0.0 and polars 2.1.0.  A file of two columns: "flag" 1, NaN, 1 and "size" 2, NaN, 4.
# Rows that a filter keeps:
#
#   filter                 table in memory   dataset, read_parquet(filters=...)   DataFusion   polars.scan_parquet
#   flag != 1              1                 0                                    0            1
#   is_nan(flag)           1                 0                                    0            1
#   not (flag == 1)        1                 0                                    0            1
#   not (size < 9)         1                 0                                    0            1
#   is_nan(size)           1                 1                                    1            1
#
# Parquet leaves NaN out of the smallest and largest value of a group of rows.  Readers take these for a promise about all cells: a
# filter is simplified by it, to "no row", before cells are read.  So "rows whose flag is not 1" and "rows without a flag" depend on how
# the file was cut into groups, and a training set that is filtered while it is read is not the one that is filtered afterwards.
# polars knows better, and null in place of NaN is counted by Parquet and read right by all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  pyarrow==26.0.1 pandas==3.1.1 datafusion==55.0.0 polars==2.1.0 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import math

import datafusion
import pandas
import polars
import pyarrow
import pyarrow.compute
from pyarrow import dataset, parquet

table = pyarrow.table({"flag": [1.0, math.nan, 1.0], "size": [2.0, math.nan, 4.0]})
parquet.write_table(table, "rows.parquet")
flag, size = dataset.field("flag"), dataset.field("size")
context = datafusion.SessionContext()
context.register_parquet("rows", "rows.parquet")
FILTERS = {  # name -> (pyarrow, SQL, polars)
    "flag != 1": (flag != 1, "flag <> 1", polars.col("flag") != 1),
    "is_nan(flag)": (pyarrow.compute.is_nan(flag), "isnan(flag)", polars.col("flag").is_nan()),
    "not (flag == 1)": (~(flag == 1), "NOT (flag = 1)", ~(polars.col("flag") == 1)),
    "not (size < 9)": (~(size < 9), "NOT (size < 9)", ~(polars.col("size") < 9)),
    "is_nan(size)": (pyarrow.compute.is_nan(size), "isnan(size)", polars.col("size").is_nan()),
}
found = {}
for name, (expression, condition, column) in FILTERS.items():
    found[name] = (
        table.filter(expression).num_rows,
        dataset.dataset("rows.parquet").to_table(filter=expression).num_rows,
        len(pandas.read_parquet("rows.parquet", filters=expression)),
        context.sql(f"SELECT COUNT(*) AS n FROM rows WHERE {condition}").to_pydict()["n"][0],
        polars.scan_parquet("rows.parquet").filter(column).collect().height,
    )
    print(f"{name:16} memory, dataset, pandas, DataFusion, polars: {found[name]}")
assert all(rows[0] == rows[4] == 1 for rows in found.values()), "memory and polars no longer agree"
assert [rows[1:4] for rows in found.values()] == [(0, 0, 0)] * 4 + [(1, 1, 1)], "rows of NaN are filtered otherwise now"
PYTHON
