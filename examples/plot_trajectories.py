"""
From noise to data in six ways
==============================

From noise to data in six ways: DDPM, DDIM, the reverse SDE, its ODE, flow matching, rectified flow.

The data are six clouds of points on a circle.  For such a mixture of normal distributions the expected data given
x_t is a formula, so that the first five pictures show the methods and nothing of what a model learned wrongly.  The
rectified flow of the last one is learned, by a small network, from the ends of the flows beside it.  All start from the
same noise, drawn as crosses; dots are where they arrive.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skensemble.generative import PATHS, MLPField
from skensemble.generative.paths._paths import Endpoints
from skensemble.generative.paths._row_noise import RowNoise
from skensemble.generative.paths._solvers import prior_sample, solve
from skensemble.generative.paths._vector_field import RegressorField

PICTURE = Path("trajectories.png")
N_SHOWN, N_PAIRS = 60, 4000
N_WALKS = 6  # of the random ones: more would hide each other
ANGLES = np.arange(6) * np.pi / 3
CENTRES = 1.4 * np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])
SPREAD = 0.12


class Clouds:
    """The exact field of equally likely normal distributions around CENTRES."""

    def __init__(self, path):
        self.path = path

    def endpoints(self, x, t, condition=None):
        alpha, sigma = self.path.alpha(t), self.path.sigma(t)
        variance = (alpha * SPREAD) ** 2 + sigma**2  # of x_t in each cloud
        offsets = x[:, np.newaxis] - alpha * CENTRES
        log_weight = -0.5 * (offsets**2).sum(axis=2) / variance
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        weight = (weight / weight.sum(axis=1, keepdims=True))[:, :, np.newaxis]
        data = (weight * (CENTRES + alpha * SPREAD**2 / variance * offsets)).sum(axis=1)
        noise = sigma / variance * (weight * offsets).sum(axis=1)
        return Endpoints(data, noise)


def main():
    vp, linear = Clouds(PATHS["vp"]()), Clouds(PATHS["linear"]())
    shown = {
        "DDPM, 1000 steps": (vp, "ddpm", 1000),
        "DDIM, 50 steps": (vp, "ddim", 50),
        "reverse SDE, 500 Euler-Maruyama steps": (vp, "euler_maruyama", 500),
        "probability-flow ODE, 20 Heun steps": (vp, "heun", 20),
        "flow matching, 10 midpoint steps": (linear, "midpoint", 10),
        "rectified flow, 4 Euler steps": (rectified(linear), "euler", 4),
    }
    figure, panels = plt.subplots(2, 3, figsize=(11, 7.6), layout="constrained", sharex=True, sharey=True)
    for axes, (title, (field, solver, n_steps)) in zip(panels.flat, shown.items()):
        ways = trajectories(field, solver, n_steps)
        draw(axes, title, ways)
        print(f"{title:<38} {detour(ways):7.2f} times as long as the straight line")
    figure.savefig(PICTURE, dpi=120)
    print("Saved", PICTURE)


def rectified(field):
    """A field that is learned from noise and the data that the flow of `field` takes it to."""
    noise = prior_sample(field.path, RowNoise(1, N_PAIRS), 2)
    data = solve(field, noise, "midpoint", 20)
    network = MLPField(hidden_layer_sizes=(64, 64), max_steps=1500, learning_rate=3e-3, averaging=0.99)
    network.fit_field(
        data, path=field.path, prediction="velocity", generator=np.random.default_rng(0), noise=noise, time_power=1.0
    )
    return RegressorField(network, field.path, "velocity")


def trajectories(field, solver, n_steps):
    """(n_steps + 1, N_SHOWN, 2): the places from noise to data."""
    noise = RowNoise(0, N_SHOWN)
    places = [prior_sample(field.path, noise, 2)]
    solve(field, places[0], solver, n_steps, noise=noise, callback=lambda step, t, x: places.append(x))
    return np.stack(places)


def detour(ways):
    """Lengths of the ways over the distances between their ends, on average."""
    lengths = np.linalg.norm(np.diff(ways, axis=0), axis=2).sum(axis=0)
    return lengths.sum() / np.linalg.norm(ways[-1] - ways[0], axis=1).sum()


def draw(axes, title, ways):
    arrived = np.linalg.norm(ways[-1][:, np.newaxis] - CENTRES, axis=2).argmin(axis=1)
    is_walk = len(ways) > 100
    for number, (way, cloud) in enumerate(zip(ways.swapaxes(0, 1), arrived)):
        if number < N_WALKS or not is_walk:
            axes.plot(*way.T, color=f"C{cloud}", linewidth=0.6 if is_walk else 0.9, alpha=0.7)
        axes.plot(*way[0], "x", color="0.5", markersize=3)
        axes.plot(*way[-1], "o", color=f"C{cloud}", markersize=3.5)
    axes.set_title(title, fontsize=10)
    axes.set(aspect="equal", xlim=(-3.5, 3.5), ylim=(-3.5, 3.5))
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
