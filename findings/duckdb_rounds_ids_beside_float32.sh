#!/usr/bin/env bash
# Whole numbers that meet float32 in DuckDB become float32: other ids come out, and different ids join.
#
# Seen with duckdb 2.0.1, pandas 3.1.1, polars 2.1.0 and pyarrow 26.0.1.  Two Parquet files of one column: ids 20000001 and 20000003 as
# int64; 7 and a missing cell as float32 (what a column of ids with gaps becomes where floats are made small to save space):
#
#                                                       type      ids of the first file
#   DuckDB, read_parquet of both, union_by_name=true    FLOAT     20000000, 20000004
#   DuckDB, UNION ALL; CASE of both columns             FLOAT     20000000, 20000004
#   pandas.concat, polars.concat(vertical_relaxed),
#   pyarrow.concat_tables(permissive)                   float64   20000001, 20000003
#
# Rows of id 20000001 (BIGINT) join rows of id 20000000 (REAL).  PostgreSQL's CASE and UNION choose alike (float4 is what int8 converts
# to), NumPy and the frames float64.  Beyond 2^24 float32 has no odd numbers, so keys of customers and timestamps in seconds are hit.
# Cast to DOUBLE before columns of several files or types come together.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import duckdb
import pandas
import polars
import pyarrow
from pyarrow import parquet

whole = pyarrow.table({"id": pyarrow.array([20000001, 20000003], pyarrow.int64())})
single = pyarrow.table({"id": pyarrow.array([7.0, None], pyarrow.float32())})
parquet.write_table(whole, "whole.parquet")
parquet.write_table(single, "single.parquet")

QUERIES = {
    "read_parquet": "SELECT id FROM read_parquet(['whole.parquet', 'single.parquet'], union_by_name = true)",
    "UNION ALL": "SELECT id FROM 'whole.parquet' UNION ALL SELECT id FROM 'single.parquet'",
    "CASE": "SELECT CASE WHEN w.id > 0 THEN w.id ELSE s.id END AS id FROM 'whole.parquet' w, (SELECT MIN(id) AS id FROM 'single.parquet') s",
}
for name, query in QUERIES.items():
    rows = duckdb.sql(f"SELECT id, typeof(id) FROM ({query}) ORDER BY id").fetchall()
    print(f"DuckDB, {name:13}", rows)
    assert [row for row in rows if row[0] is not None][-2:] == [(20000000.0, "FLOAT"), (20000004.0, "FLOAT")], "no longer rounded"

pairs = duckdb.sql("SELECT w.id, s.id FROM 'whole.parquet' w JOIN (SELECT 20000000::REAL AS id) s ON w.id = s.id").fetchall()
print("DuckDB, JOIN         ", pairs)
assert pairs == [(20000001, 20000000.0)], "different ids no longer join"

frames = {
    "pandas": pandas.concat([whole.to_pandas(), single.to_pandas()])["id"].tolist(),
    "polars": polars.concat([polars.from_arrow(whole), polars.from_arrow(single)], how="vertical_relaxed")["id"].to_list(),
    "pyarrow": pyarrow.concat_tables([whole, single], promote_options="permissive")["id"].to_pylist(),
}
for name, ids in frames.items():
    print(f"{name:20}", ids)
    assert ids[:2] == [20000001, 20000003], f"{name} rounds, too"
PYTHON
