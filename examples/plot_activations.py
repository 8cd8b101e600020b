"""
Every activation with its derivatives
=====================================

Every activation with its first and second derivative, in the order in which they came up.

Gated activations multiply one half of their input by a function of the other; what is drawn is the gate, for a = 1.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skensemble.generative import ACTIVATIONS

PICTURE = Path("activations.png")
COLUMNS = 6
X = np.linspace(-5.0, 8.0, 1301)


def main():
    shown = [activation for name, activation in ACTIVATIONS.items() if name == activation.name]
    rows = -(-len(shown) // COLUMNS)
    figure, panels = plt.subplots(rows, COLUMNS, figsize=(13, 2.3 * rows), layout="constrained", sharex=True)
    for axes in panels.flat[len(shown) :]:
        axes.set_axis_off()
    for axes, activation in zip(panels.flat, shown):
        curves = curves_of(activation)
        for label, curve in zip(("value", "derivative", "second derivative"), curves):
            axes.plot(X, curve, label=label, linewidth=1.8 if label == "value" else 1.0)
        axes.set_title(activation.name, fontsize=10)
        axes.set_ylim(-1.4, 3.4)
        axes.grid(alpha=0.3)
        print(f"{activation.name:<13} smooth: {activation.is_smooth!s:<6} lowest value {curves[0].min():7.3f}")
    panels.flat[0].legend(frameon=False, fontsize=8)
    figure.savefig(PICTURE, dpi=120)
    print("Saved", PICTURE)


def curves_of(activation):
    """Value, first and second derivative at X."""
    if not activation.is_gated:
        return activation.value(X), activation.derivative(X), activation.second_derivative(X)
    halves = np.column_stack([np.ones_like(X), X])
    return (
        activation.value(halves)[:, 0],
        activation.derivative(halves)[:, 1],
        activation.second_derivative(halves)[:, 1],
    )


if __name__ == "__main__":
    main()
