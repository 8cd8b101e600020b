#!/usr/bin/env bash
# safetensors: arrays whose rows do not lie one after the other in memory come back with other numbers, without a word.
#
# Seen with safetensors 0.8.0 and numpy 2.4.6, save_file and load_file of safetensors.numpy, a matrix of 3 x 4 and its views:
#
#                                        comes back
#   matrix                               the same
#   np.asfortranarray(matrix)            the right shape, other numbers in the cells
#   matrix.T                             likewise
#   matrix[:, ::2]                       likewise: the first six numbers in memory
#   np.ascontiguousarray(matrix.T)       the same
#
# np.save, pickle and joblib keep all of them.  Coefficients of linear models, eigenvectors, columns of a DataFrame and whatever was
# transposed are such arrays, and the file is valid: nothing but a comparison of predictions finds the mistake.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import io

import numpy as np
import safetensors
from safetensors.numpy import load_file, save_file

print("safetensors", safetensors.__version__)
matrix = np.arange(12.0).reshape(3, 4)
views = {
    "matrix": (matrix, True),
    "Fortran order": (np.asfortranarray(matrix), False),
    "transposed": (matrix.T, False),
    "every second column": (matrix[:, ::2], False),
    "transposed, made contiguous": (np.ascontiguousarray(matrix.T), True),
}
for name, (array, kept) in views.items():
    save_file({"array": array}, "array.safetensors")
    loaded = load_file("array.safetensors")["array"]
    print(f"{name}: {array.tolist()} comes back as {loaded.tolist()}")
    assert loaded.shape == array.shape
    assert loaded.dtype == array.dtype
    assert np.array_equal(loaded, array) == kept
    file = io.BytesIO()
    np.save(file, array)
    file.seek(0)
    assert np.array_equal(np.load(file), array), "np.save keeps every view"
PYTHON
echo "as described"
