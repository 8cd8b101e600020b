"""Exact densities with default settings on many real tables: likelier than simple ones, and no number lost."""

import warnings

import datasets
import numpy as np
from report import Report
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity

from skensemble.generative import (
    AutoregressiveForest,
    Glow,
    MaskedAutoregressiveFlow,
    NeuralSplineFlow,
    RealNVP,
    TableEncoder,
)

FLOWS = (RealNVP, NeuralSplineFlow, Glow, MaskedAutoregressiveFlow)
TABLES = (
    "diamonds", "adult", "electricity", "california_housing", "magic_gamma", "bike_sharing_hour", "ailerons",
    "ccpp_power_plant", "kin8nm", "cpu_act", "page_blocks", "phoneme", "wine_quality_red", "abalone", "concrete",
    "banknote", "dry_bean_3of7", "pima_diabetes", "vehicle", "spambase", "yeast", "wilt",
    "bank_marketing", "credit_g", "mlc_churn", "insurance_charges", "credit_approval", "hotel_rates",  # mixed ones
)  # fmt: skip
BANDWIDTHS = np.geomspace(0.02, 1.0, 9)  # of a kernel density, in standard deviations
MOST_FOR_KERNELS = 2000  # rows that choose the bandwidth
N_ROWS, TEST_SHARE = 4000, 0.2
N_PLACES = 8  # of the box of a row, where densities are looked at


def run(quick=False):
    names = datasets.available(TABLES) or ["iris", "wine", "breast_cancer"]
    options = {"random_state": 0, "n_jobs": 2} | ({"max_epochs": 2} if quick else {})
    rows = [measure(name, 200 if quick else N_ROWS, options) for name in (names[:2] if quick else names)]
    note = (
        f"At most {N_ROWS} rows of each table, drawn at random, {TEST_SHARE:.0%} held out; default settings. Mean "
        "log-density of the held-out rows in nats, in the units of the data, and that of one Gaussian with a full "
        "covariance and of a kernel density, its bandwidth by cross-validation, behind the same encoder. nan: a number "
        "was lost."
    )
    yield Report("Flows on many tables", note, rows, [_beaten(rows, other) for other in ("Gaussian", "kernels")])


def _beaten(rows, other):
    names = [*(flow.__name__ for flow in FLOWS), "AutoregressiveForest"]
    counts = {name: sum(row[name] > row[other] for row in rows) for name in names}
    return f"Above {other}: " + ", ".join(f"{name} {n} of {len(rows)}" for name, n in counts.items())


def measure(name, n_rows, options):
    """Held-out log-densities of one table."""
    X = datasets.load(name, n_rows).X.rename(columns=str)
    n_test = round(TEST_SHARE * len(X))
    order = np.random.default_rng(0).permutation(len(X))
    train, test = (X.iloc[rows].reset_index(drop=True) for rows in (order[n_test:], order[:n_test]))
    test = _of_levels_seen(train, test)
    row = {"table": name, "rows": len(train), "columns": X.shape[1]}
    row |= {"Gaussian": simple(gaussian, train, test), "kernels": simple(kernels, train, test)}
    row |= {flow.__name__: held_out(flow(**options), train, test) for flow in FLOWS}
    forest = AutoregressiveForest(random_state=options["random_state"], n_jobs=options["n_jobs"])
    return row | {"AutoregressiveForest": held_out(forest, train, test)}


def _of_levels_seen(train, test):
    """Rows of `test` without levels that no row of `train` has: these have no density."""
    names = train.select_dtypes(["category", "object", "string"]).columns
    return test[np.logical_and.reduce([test[j].isna() | test[j].isin(train[j]) for j in names] or [[True] * len(test)])]


def held_out(model, train, test):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # an overflow is a finding
        return float(model.fit(train).score(test))


def simple(density, train, test):
    """Mean log-density of held-out rows under a simple density, in the space that the flows see."""
    encoder = TableEncoder().fit(train)
    logpdf = density(encoder.dequantized(train, 0))
    densities = [logpdf(encoder.dequantized(test, seed)) for seed in range(N_PLACES)]
    return float(np.mean(logsumexp(densities, axis=0) - np.log(N_PLACES) + encoder.log_abs_det_jacobian(test)))


def gaussian(values):
    covariance = np.cov(values.T).reshape(values.shape[1], -1) + 1e-9 * np.eye(values.shape[1])
    return multivariate_normal(values.mean(axis=0), covariance).logpdf


def kernels(values):
    """Gaussian kernels, as wide in all columns, which the encoder has scaled alike."""
    search = GridSearchCV(KernelDensity(), {"bandwidth": BANDWIDTHS}, cv=3).fit(values[:MOST_FOR_KERNELS])
    return KernelDensity(bandwidth=search.best_params_["bandwidth"]).fit(values).score_samples
