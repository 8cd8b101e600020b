"""Generated tables: how good and how long, next to other generators, simple ones, and the training rows themselves.

The protocol is that of ForestDiffusion (Jolicoeur-Martineau et al. 2024): a fifth of the rows is held out; the target
is a column of the table; as many rows are generated as there are to train on.  W1 is the exact transport between rows,
with numbers scaled to [0, 1] and 1 for each category that differs; coverage is the share of held-out rows that have a
generated row among their neighbours; F1 and R2 are means over four models trained on the generated rows.
"""

import time
import warnings
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

import datasets
import numpy as np
import pandas as pd
from report import Report
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import f1_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from timing import threads

import skensemble.generative as generative
from skensemble.generative.evaluation._evaluation import REAL_TRAIN, SMOTE, evaluate

N_THREADS = 2
TARGET = "target"
TRANSPORT_ROWS = 4000
SMALL = (  # the tables of ForestDiffusion's comparison that are complete in the folder
    "car_evaluation", "wine_quality_red", "yeast", "concrete", "vowel", "blood_transfusion", "climate_model_crashes",
    "house_votes_84", "ionosphere", "yacht", "glass", "seeds", "sonar",
)  # fmt: skip
OF_SKLEARN = ("iris", "wine", "breast_cancer", "diabetes")  # where there is no folder
PUBLISHED = {  # means over 27 tables, and of the training rows in their place, as printed in arXiv 2407.05593
    "Forest-Flow, published": {"W1 test": 1.90, "coverage": 0.90, "R2": 0.57, "F1": 0.73},
    "training rows, published": {"W1 test": 1.81, "coverage": 0.91, "R2": 0.64, "F1": 0.77},
}
OURS = ("FlowMatching", "AutoregressiveForest")  # on the small tables
MODELS = ("DDPM", "ScoreSDE", "FlowMatching", "RectifiedFlow", "AutoregressiveForest")


class Split(NamedTuple):
    """Rows to learn from and rows held out, the target among the columns."""

    train: pd.DataFrame
    test: pd.DataFrame
    is_label: bool


class Sample(NamedTuple):
    rows: pd.DataFrame
    fit: float  # seconds
    sample: float
    cpu: float = np.nan  # seconds of all threads, of both together


def run(quick=False):
    with threads(N_THREADS):
        yield _iris(1 if quick else 5)
        yield _small_tables(quick)
        yield _large_table(1000 if quick else None)
        yield _sampling(200 if quick else 10_000, 50 if quick else 1000)


def _iris(n_splits):
    GENERATORS["DDPM"](split(datasets.load("iris"), 0), 0)  # so that code is compiled
    rows = measure("iris", n_splits, {**GENERATORS, **peers()})
    note = (
        f"Means over {n_splits} splits; seconds. ForestDiffusion's own figures for iris by this protocol, measured "
        "elsewhere: W1 test 0.369 where the training rows have 0.359, fit 113 s."
    )
    return Report("Generated iris", note, summary(rows), [])


def _small_tables(quick):
    names = datasets.available(SMALL) or list(OF_SKLEARN)
    n_splits = 1 if quick else 3
    generators = {name: GENERATORS[name] for name in OURS} | ({} if quick else peers())
    rows = []
    for name in names[-2:] if quick else names:
        rows += measure(name, n_splits, generators)
        print(f"  generated {name}", flush=True)
    published = [{"generator": name, **values} for name, values in PUBLISHED.items()]
    note = (
        f"Means over {n_splits} splits of {len({row['table'] for row in rows})} tables of ForestDiffusion's "
        "comparison. Published figures are means over all 27 of them: compare the distance to the training rows."
    )
    compared = [*summary(rows), *published]
    return Report("Generated small tables", note, compared, [_by_table(rows, name) for name in OURS])


def _by_table(rows, generator):
    """One line: W1 of one of ours by that of the training rows, in the mean and table by table."""
    frame = pd.DataFrame(rows).pivot_table("W1 test", "table", "generator")
    ratios = frame[generator] / frame[REAL_TRAIN]
    by_table = ", ".join(f"{n} {r:.3f}" for n, r in ratios.items())
    return f"W1 test of {generator} / of the training rows: {ratios.mean():.3f} in the mean, {by_table}"


# -- tables ----------------------------------------------------------------------------------------------------------


def split(table, seed, test_size=0.2):
    """Rows to learn from and held-out ones, the same share of each class where all have two rows."""
    is_label = table.task != "regression"
    frame = pd.DataFrame(table.X).rename(columns=str)  # the made-up table is an array
    frame[TARGET] = pd.Categorical(table.y) if is_label else table.y
    stratify = table.y if is_label and np.bincount(table.y).min() > 1 else None
    train, test = train_test_split(frame, test_size=test_size, random_state=seed, stratify=stratify)
    return Split(train.reset_index(drop=True), test.reset_index(drop=True), is_label)


# -- generators ------------------------------------------------------------------------------------------------------


def of_model(model, rows, seed, clock=time.perf_counter, *, is_given=True):
    """A Sample of one of our models: labels are a condition if they are given, else a column, as numbers always are."""
    model.set_params(random_state=seed, n_jobs=N_THREADS)
    is_given = is_given and rows.is_label
    X, y = (rows.train.drop(columns=TARGET), rows.train[TARGET]) if is_given else (rows.train, None)
    started, cpu = clock(), time.process_time()
    model.fit(X, y)
    fitted = clock()
    if is_given:
        made, labels = model.sample_labeled(len(X))
        made = made.assign(**{TARGET: pd.Categorical(labels, categories=rows.train[TARGET].cat.categories)})
    else:
        made = model.sample(len(X))
    return Sample(made, fitted - started, clock() - fitted, time.process_time() - cpu)


def of_gaussian(rows, seed):
    """A Sample of the normal distribution of numbers and one-hot categories: drawn ones are shares of levels."""
    started = time.perf_counter()
    numbers = pd.get_dummies(rows.train, dtype=float)
    mean, covariance = numbers.mean(), numbers.cov()
    fitted = time.perf_counter()
    rng = np.random.default_rng(seed)
    drawn = pd.DataFrame(rng.multivariate_normal(mean, covariance, len(numbers)), columns=numbers.columns)
    made = {}
    for name, column in rows.train.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            shares = np.maximum(drawn[[f"{name}_{level}" for level in column.cat.categories]], 1e-9).cumsum(axis=1)
            marks = rng.random((len(drawn), 1)) * shares.iloc[:, -1:].to_numpy()
            made[name] = pd.Categorical.from_codes((shares.to_numpy() < marks).sum(axis=1), dtype=column.dtype)
        else:
            made[name] = drawn[name]
    return Sample(pd.DataFrame(made), fitted - started, time.perf_counter() - fitted)


GENERATORS = {
    **{name: lambda rows, seed, name=name: of_model(getattr(generative, name)(), rows, seed) for name in MODELS},
    "Gaussian": of_gaussian,
}


def peers():
    """Other libraries' generators, of those that are installed."""
    known = {"ForestDiffusion": _forest_diffusion, "arfpy": _arfpy, "utrees": _utrees}
    return {name: generator for name, generator in known.items() if find_spec(name)}


def _codes(frame):
    """All columns as numbers, and which of them are codes."""
    is_code = [isinstance(dtype, pd.CategoricalDtype) for dtype in frame.dtypes]
    cells = [frame[n].cat.codes.replace(-1, np.nan) if code else frame[n] for n, code in zip(frame, is_code)]
    return np.column_stack(cells).astype(float), np.array(is_code)


def _decoded(cells, frame):
    """The table of such numbers, with the columns of `frame`."""
    made = {}
    for j, (name, dtype) in enumerate(frame.dtypes.items()):
        is_code = isinstance(dtype, pd.CategoricalDtype)
        made[name] = pd.Categorical.from_codes(cells[:, j].astype(int), dtype=dtype) if is_code else cells[:, j]
    return pd.DataFrame(made)


def _forest_diffusion(rows, seed):
    from ForestDiffusion import ForestDiffusionModel

    cells, is_code = _codes(rows.train)
    X, labels = (cells[:, :-1], cells[:, -1]) if rows.is_label else (cells, None)
    categories = [j for j in np.flatnonzero(is_code) if j < X.shape[1]]
    started = time.perf_counter()
    model = ForestDiffusionModel(
        X, label_y=labels, diffusion_type="flow", n_t=50, duplicate_K=100, cat_indexes=categories, seed=seed,
        n_jobs=N_THREADS,
    )  # fmt: skip
    fitted = time.perf_counter()
    made = model.generate(batch_size=len(X))
    return Sample(_decoded(made, rows.train), fitted - started, time.perf_counter() - fitted)


def _arfpy(rows, seed):
    from arfpy import arf

    np.random.seed(seed)  # noqa: NPY002  (it samples by numpy's global generator)
    started, cpu = time.perf_counter(), time.process_time()
    model = arf.arf(x=rows.train, verbose=False, random_state=seed)
    model.forde()
    fitted = time.perf_counter()
    made = model.forge(n=len(rows.train))[list(rows.train)].astype(rows.train.dtypes)
    return Sample(made, fitted - started, time.perf_counter() - fitted, time.process_time() - cpu)


def _utrees(rows, seed):
    from utrees import UnmaskingTrees

    cells, is_code = _codes(rows.train)
    started = time.perf_counter()
    model = UnmaskingTrees(random_state=seed)
    model.fit(cells, quantize_cols=["categorical" if code else "continuous" for code in is_code])
    fitted = time.perf_counter()
    made = model.generate(n_generate=len(cells))
    return Sample(_decoded(made, rows.train), fitted - started, time.perf_counter() - fitted)


# -- figures ---------------------------------------------------------------------------------------------------------


def measure(name, n_splits, generators):
    """One row per split and generator, the training rows and SMOTE among them."""
    table = datasets.load(name)
    rows = []
    for seed in range(n_splits):
        parts = split(table, seed)
        made = {generator: make(parts, seed) for generator, make in generators.items()}
        distances = _distances(parts, {n: sample.rows for n, sample in made.items()}, seed)
        for generator, values in distances.items():
            seconds = made.get(generator)
            rows.append({
                "table": name,
                "generator": generator,
                "W1 train": values["wasserstein, train"],
                "W1 test": values["wasserstein"],
                "coverage": values["coverage"],
                **worth(parts, parts.train if generator == REAL_TRAIN else seconds and seconds.rows, seed),
                "fit": seconds.fit if seconds else np.nan,
                "sample": seconds.sample if seconds else np.nan,
            })  # fmt: skip
    return rows


def _distances(parts, made, seed):
    """{generator: {metric: value}}, real train and SMOTE among them."""
    options = {"target": TARGET, "max_transport_rows": TRANSPORT_ROWS, "random_state": seed, "n_jobs": N_THREADS}
    test = evaluate(parts.train, parts.test, made, metrics=["wasserstein", "coverage"], **options).table
    train = evaluate(parts.train, parts.train, made, metrics=["wasserstein"], **options).table
    test.loc["wasserstein, train"] = train.loc["wasserstein"]
    return test.drop(columns="better").to_dict()


def worth(parts, rows, seed):
    """{"R2": ..., "F1": ...} on the held-out rows: means over four models trained on `rows`; NaN if not asked."""
    if rows is None or rows[TARGET].nunique() < 2:
        return {"R2": np.nan, "F1": np.nan}
    judge = partial(f1_score, average="macro", zero_division=0) if parts.is_label else r2_score
    X, y = _features_and_target(rows)
    X_test, y_test = _features_and_target(parts.test)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = [judge(y_test, _prepared(X, m).fit(X, y).predict(X_test)) for m in _judges(parts.is_label, seed)]
    mean = float(np.mean(scores))
    return {"R2": np.nan, "F1": mean} if parts.is_label else {"R2": mean, "F1": np.nan}


def _features_and_target(rows):
    return rows.drop(columns=TARGET), rows[TARGET].to_numpy()


def _prepared(X, model):
    categories = [name for name in X if isinstance(X[name].dtype, pd.CategoricalDtype)]
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    steps = (one_hot, categories), (numbers, [name for name in X if name not in categories])
    return make_pipeline(make_column_transformer(*steps), model)


def _judges(is_label, seed):
    if is_label:
        return (
            LogisticRegression(max_iter=200),
            AdaBoostClassifier(random_state=seed),
            RandomForestClassifier(max_depth=28, random_state=seed, n_jobs=N_THREADS),
            HistGradientBoostingClassifier(random_state=seed, max_iter=50, early_stopping=False),
        )
    return (
        LinearRegression(),
        AdaBoostRegressor(random_state=seed),
        RandomForestRegressor(max_depth=28, random_state=seed, n_jobs=N_THREADS),
        HistGradientBoostingRegressor(random_state=seed, early_stopping=False),
    )


def summary(rows):
    """Means per generator: over the splits of a table, then over the tables."""
    frame = pd.DataFrame(rows)
    columns = [name for name in frame if name not in ("table", "generator")]
    means = frame.groupby(["generator", "table"], sort=False)[columns].mean().groupby("generator", sort=False).mean()
    return means.dropna(axis=1, how="all").reset_index().to_dict("records")


# -- speed -----------------------------------------------------------------------------------------------------------


def _large_table(n_rows):
    """A table of two classes, numbers and categories, 49 000 rows."""
    name = "adult" if datasets.available(["adult"]) else None
    parts = split(datasets.load(name, n_rows) if name else datasets.synthetic(n_rows or 49_000), 0)
    made = GENERATORS["FlowMatching"](parts, 0)
    options = {"target": TARGET, "metrics": ["c2st_auc", "utility"], "random_state": 0, "n_jobs": N_THREADS}
    values = evaluate(parts.train, parts.test, {"FlowMatching": made.rows}, **options).table
    rows = [
        {
            "rows": generator,
            "C2ST AUC": values.loc["c2st_auc", generator],
            "F1": values.loc["utility", generator],
            "fit + sample": made.fit + made.sample if generator == "FlowMatching" else np.nan,
            "target": 60.0 if generator == "FlowMatching" else np.nan,
        }
        for generator in ("FlowMatching", REAL_TRAIN, SMOTE)
    ]
    note = (
        f"{name or 'made up'}, {len(parts.train)} rows to train on and as many generated, {N_THREADS} threads, seconds."
        " AUC of boosted trees that tell rows from held-out ones (0.5 is best), F1 on these when trained on the rows."
    )
    return Report("Generated large table", note, rows, [])


def _sampling(n_rows, n_levels):
    X = _made_up(n_rows)
    flow = generative.FlowMatching(random_state=0, n_jobs=N_THREADS).fit(X[:2000])
    seconds, _ = _timed(lambda: flow.sample(n_rows))
    rows = [{"job": f"FlowMatching, {n_rows} rows x 10", "seconds": seconds, "target": 0.5, "W1 test": np.nan}]
    train, test = X[:1000], X[1000:2000] if n_rows > 2000 else X[:1000]
    model = generative.DDPM(n_timesteps=n_levels, random_state=0, n_jobs=N_THREADS).fit(train)
    samples = {}
    for solver, n_steps in (("ddpm", n_levels), ("ddim", min(50, n_levels))):
        seconds, samples[f"{solver}, {n_steps} steps"] = _timed(
            partial(model.sample, len(train), solver=solver, n_steps=n_steps)
        )
        rows.append({"job": f"DDPM, {solver}, {n_steps} steps", "seconds": seconds, "target": np.nan})
    rows[-1]["target"] = rows[-2]["seconds"] / 15.0
    distances = evaluate(train, test, samples, metrics=["wasserstein"], random_state=0).table.loc["wasserstein"]
    for row, name in zip(rows[1:], samples):
        row["W1 test"] = distances[name]
    remark = f"W1 of the training rows themselves: {distances[REAL_TRAIN]:.4g}"
    return Report("Sampling", f"{N_THREADS} threads. W1 of {len(train)} rows.", rows, [remark])


def _made_up(n_rows):
    """Numbers in clusters, some of them skewed, some a function of others."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(max(n_rows, 200), 10)) + 3.0 * rng.integers(2, size=(max(n_rows, 200), 1))
    X[:, 5:8] = np.exp(0.3 * X[:, 5:8])
    X[:, 8:] = np.sin(X[:, :2]) + 0.1 * X[:, 8:]
    return X


def _timed(action):
    """(seconds of the second call, its result)"""
    action()
    started = time.perf_counter()
    result = action()
    return time.perf_counter() - started, result
