#!/usr/bin/env bash
# statsmodels' kernel density of a column of categories or counts is negative, at its default bandwidth; for categories it depends on
# the numbers that stand for them.
#
# Seen with statsmodels 0.15.0, KDEMultivariate(...).pdf; 500 rows, three categories of which 56, 32 and 12 % are:
#
#   var_type                          bandwidth                  probabilities
#   "u", unordered, codes 0, 1, 2     default, .21               .49, .32, .19
#   "u", the same, codes 0, 10, 20    default, 2.1              -.17, .37, .81
#   "u", the same, codes 0, 10, 20    "cv_ml", 1                 .22, .34, .44     the rarest is the likeliest
#   "o", counts of mean 20            default, 1.35              -.77 for 20; -50 000 at worst, below 60
#
# The default is the rule of thumb for normal numbers, 1.06 standard deviations of the codes times n^(-1/5), whatever the type.  But
# kernels of categories and counts put 1 - bandwidth on the value itself, which has to lie between 0 and 1; and "cv_ml" starts from there.
# One expects probabilities, and no meaning in the codes of categories without an order.  With a small bandwidth by hand they are
# right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check statsmodels==0.15.0 numpy==2.4.6 pandas==2.3.3
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from statsmodels.nonparametric.kernel_density import KDEMultivariate

rng = np.random.default_rng(0)
categories = rng.choice(3, 500, p=[0.6, 0.3, 0.1])
shares = np.bincount(categories) / 500


def probabilities(codes, bw):
    codes = np.array(codes)
    model = KDEMultivariate(codes[categories][:, None], var_type="u", bw=bw)
    found = model.pdf(codes[:, None].astype(float))
    print(f"codes {codes}, bandwidth {bw} {model.bw.round(2)}: {found.round(2)}, shares {shares}")
    return found


small, large = probabilities([0, 1, 2], None), probabilities([0, 10, 20], None)
assert np.argmax(small) == 0 and np.abs(small - large).max() > 0.1, "codes have no meaning now"
assert large.min() < -0.1, "probabilities are not negative any more"
by_likelihood = probabilities([0, 10, 20], "cv_ml")
assert np.argmax(by_likelihood) == np.argmin(shares)
by_hand = probabilities([0, 10, 20], [0.01])
assert np.abs(by_hand - shares).max() < 0.02

counts = rng.poisson(20, 500)
model = KDEMultivariate(counts[:, None], var_type="o")
found = model.pdf(np.arange(60.0)[:, None])
print(f"counts, bandwidth {model.bw.round(2)}: {found[20]:.2f} for 20 ({np.mean(counts == 20):.2f} of the rows), smallest {found.min():.0e}")
assert model.bw[0] > 1 and found[20] < 0 and found.min() < -1000, "otherwise than when this was written"
PYTHON
