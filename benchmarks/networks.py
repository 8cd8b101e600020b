"""One training step of flow matching with a network, beside the same step compiled by JAX."""

import importlib.util
import time

import numpy as np
from flows import load
from report import Report

from skensemble.generative import FlowMatching, MLPField

WIDTHS, BATCH, STEPS, RATE, REPEATS = (256, 256, 256), 512, 2000, 1e-3, 3


def run(quick=False):
    train, _ = load(800, 400) if quick else load(50_000, 20_000)
    n_steps, repeats = (20, 1) if quick else (STEPS, REPEATS)
    ours(train, 20)  # kernels come from their cache
    trainers = {"skensemble": ours}
    if importlib.util.find_spec("optax") is not None:
        trainers["JAX"] = with_jax
    figures = {name: [] for name in trainers}
    for _ in range(repeats):
        for name, trainer in trainers.items():
            figures[name].append((_seconds(trainer, train, 1)[0], *_seconds(trainer, train, n_steps)))
    rows = [_row(name, *np.median(values, axis=0), n_steps) for name, values in figures.items()]
    note = (
        f"{len(train)} rows x {train.shape[1]}, hidden layers {WIDTHS}, SiLU, batches of {BATCH}, Adam at {RATE:g}, "
        f"a straight path; median of {repeats} runs in turn. first: seconds of a fit of one step, compiling included; "
        f"step: what each of {n_steps} steps takes beyond that. Loss: mean squared error of the velocity, at the end."
    )
    yield Report("Flow matching with a network", note, rows, [])


def _seconds(trainer, train, n_steps):
    started = time.perf_counter()
    loss = trainer(train, n_steps)
    return time.perf_counter() - started, loss


def _row(name, first, whole, loss, n_steps):
    return {"library": name, "first [s]": first, "step [ms]": 1000 * (whole - first) / (n_steps - 1), "loss": loss}


def ours(train, n_steps):
    """Loss of the last steps, in units of the velocity."""
    network = MLPField(
        hidden_layer_sizes=WIDTHS, batch_size=BATCH, max_steps=n_steps, learning_rate=RATE, residual=False,
        learning_rate_schedule="constant", n_jobs=2,
    )  # fmt: skip
    model = FlowMatching(regressor=network, random_state=0, n_jobs=2).fit(train)
    fitted = model._field.regressor
    return fitted.loss_curve_[-1] * np.mean(fitted.model_.target_scale**2)


def with_jax(train, n_steps):
    """The same network and batches; noise and times are drawn inside the compiled step."""
    import jax
    import optax
    from jax import numpy as jnp

    sizes = (train.shape[1] + 1, *WIDTHS, train.shape[1])
    keys = jax.random.split(jax.random.key(0), len(sizes))
    weights = [
        (jax.random.normal(key, (n_in, n_out)) * n_in**-0.5, jnp.zeros(n_out))
        for key, n_in, n_out in zip(keys, sizes, sizes[1:], strict=False)
    ]
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(RATE))

    def loss_of(weights, data, noise, time):
        hidden = jnp.hstack([(1.0 - time) * data + time * noise, time])
        for W, b in weights[:-1]:
            hidden = jax.nn.silu(hidden @ W + b)
        W, b = weights[-1]
        return jnp.mean((hidden @ W + b - (noise - data)) ** 2)

    @jax.jit
    def step(key, weights, state, table):
        key, of_rows, of_noise, of_time = jax.random.split(key, 4)
        data = table[jax.random.randint(of_rows, (BATCH,), 0, len(table))]
        noise, time = jax.random.normal(of_noise, data.shape), jax.random.uniform(of_time, (BATCH, 1))
        loss, gradient = jax.value_and_grad(loss_of)(weights, data, noise, time)
        updates, state = optimizer.update(gradient, state)
        return key, optax.apply_updates(weights, updates), state, loss

    table, state, key, losses = jnp.asarray(train, jnp.float32), optimizer.init(weights), keys[-1], []
    for _ in range(n_steps):
        key, weights, state, loss = step(key, weights, state, table)
        losses.append(loss)
    return float(np.mean(jax.device_get(losses[-100:])))
