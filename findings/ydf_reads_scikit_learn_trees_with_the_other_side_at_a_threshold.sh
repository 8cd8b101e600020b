#!/usr/bin/env bash
# Trees of scikit-learn that YDF reads send a cell that equals a threshold to the other side, and forget where missing cells go.
#
# Seen with ydf 0.16.1 and scikit-learn 1.9.1, a tree fitted to 1, 2, 3, 4, whose thresholds are 1.5, 2.5, 3.5:
#
#   x                         1     1.5   2     2.5   3.5   4
#   scikit-learn predicts     1     1     2     2     3     4
#   after ydf.from_sklearn    1     2     2     3     4     4
#
# Thresholds lie in the middle of two training values, so tables of whole numbers that are asked about halves (ratings, counts
# averaged over two months) meet them often.  scikit-learn tests x <= t, YDF tests x >= t, and the conversion keeps t.
# And trees that scikit-learn fitted to missing cells convert without a word: all rows with a missing cell that the tree sends
# right get the prediction of the left leaf, wherever the threshold lies.
# One expects the conversion to move each threshold up to the next float32, and to refuse or keep directions of missing cells.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check ydf==0.16.1 scikit-learn==1.9.1 numpy pandas
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import ydf
from sklearn.tree import DecisionTreeRegressor

tree = DecisionTreeRegressor().fit([[1.0], [2.0], [3.0], [4.0]], [1.0, 2.0, 3.0, 4.0])
rows = np.array([[1.0], [1.5], [2.0], [2.5], [3.5], [4.0]])
here, there = tree.predict(rows), ydf.from_sklearn(tree).predict({"features": rows})
print("scikit-learn:", here)
print("YDF:         ", there)
assert here.tolist() == [1, 1, 2, 2, 3, 4]
assert there.round(6).tolist() == [1, 2, 2, 3, 4, 4], "otherwise than when this was written"

y = np.repeat([10.0, 20.0, 20.0], 100)
for low, high in ((-1.0, 1.0), (-20.0, 1.0), (-1.0, 20.0)):
    X = np.repeat([[low], [high], [np.nan]], 100, axis=0)
    tree = DecisionTreeRegressor().fit(X, y)
    here, there = tree.predict(X), ydf.from_sklearn(tree).predict({"features": X})
    print(f"threshold {tree.tree_.threshold[0]}, missing cells: scikit-learn {np.unique(here[200:])}, YDF {np.unique(there[200:])}")
    assert np.array_equal(here, y)
    assert np.allclose(there[:200], y[:200])
    assert np.allclose(there[200:], 10.0), "otherwise than when this was written"
PYTHON
