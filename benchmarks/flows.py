"""Normalizing flows of a table of numbers: how long, and how likely are rows that were held out."""

import importlib.util
import time
from functools import partial

import datasets
import numpy as np
from child import ask
from report import Report
from sklearn.mixture import GaussianMixture

from skensemble.generative import NeuralSplineFlow, RealNVP

N_COLUMNS, N_LAYERS, WIDTH, BATCH, RATE, EPOCHS = 10, 8, 64, 512, 1e-3, 10
SEEDS = (0, 1, 2)  # one fit can be lucky: a single row far out can outweigh all others


def run(quick=False):
    train, held_out = load(800, 400) if quick else load(50_000, 20_000)
    epochs = 1 if quick else EPOCHS
    rows = measure(train, held_out, epochs, 2 if quick else 20)
    note = (
        f"Covertype's first {N_COLUMNS} columns, {len(train)} rows to fit and {len(held_out)} held out, integers "
        f"spread out by uniform noise, standardised; {N_LAYERS} coupling layers with two hidden layers of {WIDTH}, "
        f"batches of {BATCH}, Adam at {RATE:g}, {epochs} epochs. Seconds; a peer's include compiling. Log-density: "
        f"mean, median and lowest of the held-out rows, in nats; the first two are means over {len(SEEDS)} seeds, the "
        "lowest is that of the worst one. A table that this machine lacks is replaced by a made-up one."
    )
    remarks = [f"{row['model']}: {row['error']}" for row in rows if row["error"]]
    yield Report("Flows", note, [{k: v for k, v in row.items() if k != "error"} for row in rows], remarks)
    yield _first_fits()


def _first_fits():
    """A flow in a fresh process, kernels compiled by one before it."""
    rows = []
    for name in ("RealNVP", "NeuralSplineFlow"):
        ask("first_flow", name)
        answer = ask("first_flow", name)
        first, steady = answer.get("first", np.nan), answer.get("steady", np.nan)
        rows.append({"model": name, "first": first, "steady": steady, "first - steady": first - steady, "target": 0.5})
    note = "569 rows x 10, 5 epochs, a fresh process, kernels in their cache; seconds."
    return Report("First fits of flows", note, rows, [])


def load(n_rows, n_held_out):
    """(rows to fit, held-out rows)."""
    n = n_rows + n_held_out
    if datasets.available(["covertype"]):
        values = datasets.load("covertype", n).X.iloc[:, :N_COLUMNS].to_numpy(np.float64)
    else:
        mixing = np.random.default_rng(1).normal(size=(N_COLUMNS, N_COLUMNS))
        values = np.round(10.0 * np.exp(0.3 * np.random.default_rng(0).normal(size=(n, N_COLUMNS)) @ mixing))
    values = values + np.random.default_rng(2).random(values.shape)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    return values[:n_rows], values[n_rows:]


def measure(train, held_out, epochs, n_components):
    options = {"n_layers": N_LAYERS, "hidden_layer_sizes": (WIDTH, WIDTH), "batch_size": BATCH, "learning_rate": RATE}
    options |= {"max_epochs": epochs, "early_stopping": False}
    models = {  # name -> a model of a seed
        "skensemble, affine": lambda seed: RealNVP(**options, random_state=seed),
        "skensemble, spline": lambda seed: NeuralSplineFlow(**options, random_state=seed),
        "Gaussian": lambda seed: GaussianMixture(1, random_state=seed),
        f"mixture of {n_components} Gaussians": lambda seed: GaussianMixture(n_components, random_state=seed),
    }
    if importlib.util.find_spec("flowjax") is not None:
        models |= {f"flowjax, {kind}": partial(FlowJax, kind, epochs) for kind in ("affine", "spline")}
    models["skensemble, affine"](0).set_params(max_epochs=1).fit(train[:BATCH])  # kernels come from their cache
    models["skensemble, spline"](0).set_params(max_epochs=1).fit(train[:BATCH])
    return [_row(name, model, train, held_out) for name, model in models.items()]


def _row(name, make, train, held_out):
    """Seconds of the first seed, and log-densities of all seeds."""
    row = dict.fromkeys(("fit", "score", "sample", "log-density", "median", "lowest"), np.nan)
    row = {"model": name, **row, "error": ""}
    try:
        model = make(SEEDS[0])
        row["fit"], _ = _seconds(model.fit, train)
        row["score"], scores = _seconds(model.score_samples, held_out)
        row["sample"], _ = _seconds(model.sample, len(held_out))
        scores = np.stack([scores, *(make(seed).fit(train).score_samples(held_out) for seed in SEEDS[1:])])
        row["log-density"], row["median"] = float(scores.mean()), float(np.median(scores, axis=1).mean())
        row["lowest"] = float(scores.min())
    except Exception as error:  # a peer that fails is a line below the table
        row["error"] = f"{type(error).__name__}: {error}"
    return row


def _seconds(function, argument):
    started = time.perf_counter()
    result = function(argument)
    return time.perf_counter() - started, result


class FlowJax:
    """flowjax behind the same three methods."""

    def __init__(self, kind, epochs, seed):
        self.kind, self.epochs, self.seed = kind, epochs, seed

    def fit(self, X):
        import jax
        from flowjax.bijections import RationalQuadraticSpline
        from flowjax.distributions import Normal
        from flowjax.flows import coupling_flow
        from flowjax.train import fit_to_data

        transformer = None if self.kind == "affine" else RationalQuadraticSpline(knots=8, interval=4)
        self.jax = jax
        init, train = jax.random.split(jax.random.key(self.seed))
        flow = coupling_flow(
            init, base_dist=Normal(jax.numpy.zeros(X.shape[1])), transformer=transformer, flow_layers=N_LAYERS,
            nn_width=WIDTH, nn_depth=2,
        )  # fmt: skip
        options = {"max_epochs": self.epochs, "max_patience": self.epochs, "val_prop": 0.01, "show_progress": False}
        self.flow, _ = fit_to_data(train, flow, jax.numpy.asarray(X), learning_rate=RATE, batch_size=BATCH, **options)
        return self

    def score_samples(self, X):
        return np.asarray(self.flow.log_prob(self.jax.numpy.asarray(X)))

    def sample(self, n_samples):
        return np.asarray(self.flow.sample(self.jax.random.key(1), (n_samples,)))
