#!/usr/bin/env bash
# Equal rows times one matrix give unequal rows, in one product, on one thread.
#
# Seen with numpy 2.4.6 (OpenBLAS 0.3.31 in its wheel), kernels for Haswell, which also serve AMD's Zen:
#
#   float32, 16 equal rows @ (64, 64): rows 6 to 15 differ from rows 0 to 5, by up to 2.9e-06
#   float64, 301 equal rows @ (64, 64): the last row differs from the others
#
# One expects a single row (a matrix-vector product) to differ from a block, not two rows of one block from each other.
# The kernel adds in one order in the rows of its full tiles and in another in those of its edge, so a row's bits depend
# on its place.  A model that multiplies its rows by weights therefore predicts a row differently in another batch, and
# "the same input gives the same output" holds on one processor (AVX-512 kernels) and not on the next.
set -euo pipefail
grep -q avx2 /proc/cpuinfo || { echo "needs a processor with AVX2"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6 threadpoolctl==3.6.0
OPENBLAS_CORETYPE=Haswell OPENBLAS_NUM_THREADS=1 "$folder/env/bin/python" - <<'PYTHON'
import numpy as np
from threadpoolctl import threadpool_info

(blas,) = [library for library in threadpool_info() if library["user_api"] == "blas"]
print(f"numpy {np.__version__}, OpenBLAS {blas['version']}, {blas['architecture']} kernels, {blas['num_threads']} thread")
assert blas["architecture"] == "Haswell"

rng = np.random.default_rng(0)
for dtype, n_rows, expected in ((np.float32, 16, 10), (np.float64, 301, 1)):
    row, matrix = rng.normal(size=64).astype(dtype), rng.normal(size=(64, 64)).astype(dtype)
    product = np.tile(row, (n_rows, 1)) @ matrix
    differs = np.flatnonzero((product != product[0]).any(axis=1))
    largest = np.abs(product - product[0]).max()
    print(f"{np.dtype(dtype)}: {len(differs)} of {n_rows} equal rows differ from row 0, by up to {largest:.1e}: {differs}")
    assert len(differs) == expected, "another number of rows than when this was written"
    assert 0 < largest < 1e-4
PYTHON
