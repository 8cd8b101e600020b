"""Colours of nodes: a hue for each class, stronger for purer nodes; or one hue, stronger for larger values."""

import colorsys

import numpy as np

FIRST_HUE, SATURATION, BRIGHTNESS = 25, 0.75, 0.9
WHITE = 255


class NodeColor:
    """The fill of every node of a fitted tree: by class, by value, or by impurity if there are several outputs."""

    def __init__(self, decision_tree):
        tree = decision_tree.tree_
        by_class = hasattr(decision_tree, "classes_") and tree.n_outputs == 1
        self.hues = _hues(int(tree.n_classes[0]) if by_class else 1)
        if by_class:
            self.hue_of_node, self.strength = np.argmax(tree.value[:, 0], axis=1), _lead(tree.value[:, 0])
        else:
            self.hue_of_node = np.zeros(tree.node_count, int)
            self.strength = _share_of_range(_amounts(tree))

    def of(self, node):
        """The colour as #rrggbb."""
        hue, strength = self.hues[self.hue_of_node[node]], self.strength[node]
        return "#" + "".join(f"{round(strength * channel + (1 - strength) * WHITE):02x}" for channel in hue)


def _amounts(tree):
    """What a colour without classes stands for: the value; of several outputs purity, or how far a booster moves."""
    if tree.n_outputs == 1:
        return tree.value[:, 0, 0]
    return -tree.impurity if len(tree.impurity) else np.abs(tree.value).max(axis=(1, 2))


def _hues(n_hues):
    """Colours of evenly spaced hues, each as (red, green, blue) of 0 .. 255."""
    degrees = [FIRST_HUE + int(k * 360 / n_hues) for k in range(n_hues)]
    colors = [colorsys.hsv_to_rgb(hue % 360 / 360, SATURATION, BRIGHTNESS) for hue in degrees]
    return [tuple(int(WHITE * channel + 1e-9) for channel in color) for color in colors]


def _lead(shares):
    """Difference of the two largest class fractions, scaled to [0, 1]; 0 for a tie or a single class."""
    if shares.shape[1] == 1:
        return np.zeros(len(shares))
    second, first = np.sort(shares, axis=1)[:, -2:].T
    return (first - second) / (1 - second)


def _share_of_range(values):
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros(len(values))
