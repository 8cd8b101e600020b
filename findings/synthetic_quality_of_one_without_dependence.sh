#!/usr/bin/env bash
# SDMetrics: the quality report, SDV's evaluate_quality, gives the best score to a table whose columns have nothing to do with each other.
#
# Seen with sdmetrics 0.32.0; 2000 rows, a normal x and y = x ** 2; the score is 1 at best:
#
#   a copy of the real table                                            1.000
#   y shuffled: x says nothing about y any more                         1.000
#   a real table of which half the cells are missing, all filled in     0.986
#
# Trends of pairs are correlations, which x and x ** 2 do not have, and missing cells are dropped before columns are compared.
# A generator of independent columns without a single gap passes.  Ask a classifier that tells real rows from generated ones, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check sdmetrics==0.32.0 numpy==2.4.6
cd "$folder"
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
import sdmetrics
from sdmetrics.reports.single_table import QualityReport

print("sdmetrics", sdmetrics.__version__)
rng = np.random.default_rng(0)
x = rng.normal(size=2000)
real = pd.DataFrame({"x": x, "y": x**2})
metadata = {"columns": {name: {"sdtype": "numerical"} for name in real}}


def quality(real, made):
    report = QualityReport()
    report.generate(real, made, metadata, verbose=False)
    return report.get_score()


scores = {
    "a copy": quality(real, real),
    "y shuffled": quality(real, real.assign(y=rng.permutation(real["y"]))),
    "half missing, filled in": quality(real.mask(rng.random(real.shape) < 0.5), real),
}
for name, score in scores.items():
    print(f"{name}: {score:.4f}")
assert scores["a copy"] == 1
assert scores["y shuffled"] > 0.97
assert scores["half missing, filled in"] > 0.97
PYTHON
echo "as described"
