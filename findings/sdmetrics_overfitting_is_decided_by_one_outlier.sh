#!/usr/bin/env bash
# One outlier in the training or in the validation table decides SDMetrics' measure of overfitting.
#
# Seen with sdmetrics 0.32.0.  DCROverfittingProtection asks for each synthetic row whether the nearest training row or the nearest
# validation row is closer, and is 1 if at most half of the rows are closer to training.  Training and validation: 500 rows each of
# three normal columns; synthetic rows: new ones of the same distribution, or training rows with noise of .1:
#
#                                   score of new rows     score of noisy training rows
#   as they are                      .80                   .17
#   40 in one training row           .01                   .01
#   40 in one validation row        1.00                  1.00
#
# Each distance is divided by the range of the table that it is measured to, so the wider table is the closer one.  No outlier is needed
# for it: of tables with a squared normal column (ranges differ by chance) new rows were 34 to 66 % "closer to training".  Scale the
# columns of all tables alike before, by ranks or to one range with clipped ends; the same score then says what its name says.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check sdmetrics==0.32.0 numpy==1.26.4 pandas==2.3.3
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from sdmetrics.single_table import DCROverfittingProtection

N_ROWS, COLUMNS = 500, ["a", "b", "c"]
METADATA = {"tables": {"rows": {"columns": {name: {"sdtype": "numerical"} for name in COLUMNS}}}}
rng = np.random.default_rng(0)
training, validation, new = (pd.DataFrame(rng.normal(size=(N_ROWS, 3)), columns=COLUMNS) for _ in range(3))
noisy = training + 0.1 * rng.normal(size=training.shape)


def with_outlier(table):
    table = table.copy()
    table.loc[0, COLUMNS] = 40.0
    return table


def score(training, synthetic, validation):
    found = DCROverfittingProtection.compute_breakdown(training, synthetic, validation, METADATA, "rows")
    return found["score"]


found = {
    "as they are": [score(training, rows, validation) for rows in (new, noisy)],
    "outlier in training": [score(with_outlier(training), rows, validation) for rows in (new, noisy)],
    "outlier in validation": [score(training, rows, with_outlier(validation)) for rows in (new, noisy)],
}
for name, scores in found.items():
    print(f"{name:22} new rows {scores[0]:.3f}, noisy training rows {scores[1]:.3f}")
assert 0.7 < found["as they are"][0] < 0.9 and found["as they are"][1] < 0.3
assert found["outlier in training"][0] < 0.05, "an outlier no longer makes new rows look like copies"
assert found["outlier in validation"][1] > 0.95, "an outlier no longer hides copies"
PYTHON
