#!/usr/bin/env bash
# Dask: to_delayed() of a frame and of a series of the same Parquet table gives different numbers of partitions.
#
# Seen with dask 2026.8.0, a file of 8 row groups with 31 columns, read with split_row_groups=True:
#
#                                          npartitions    to_delayed()    to_delayed(optimize_graph=False)
#   table[30 columns]                           8               8                      8
#   table["y"]                                  8               3                      8
#
# Row groups are fused by how small the columns are that are read, and the property npartitions says nothing of it.  Code that zips
# delayed partitions of features and targets pairs other rows with each other, or fails, depending on the width of the table.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check "dask[dataframe]==2026.8.0"
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd

print("dask", dask.__version__)
frame = pd.DataFrame(np.random.default_rng(0).normal(size=(8000, 30))).add_prefix("x")
frame.assign(y=1.0).to_parquet("rows.parquet", row_group_size=1000)
table = dd.read_parquet("rows.parquet", split_row_groups=True)
X, y = table[list(frame)], table["y"]
optimised = [len(part.to_delayed()) for part in (X, y)]
as_it_is = [len(part.to_delayed(optimize_graph=False)) for part in (X, y)]
print("npartitions", X.npartitions, y.npartitions, "optimised", optimised, "as it is", as_it_is)
assert X.npartitions == y.npartitions == 8
assert optimised[0] != optimised[1]
assert as_it_is == [8, 8]
PYTHON
echo "as described"
