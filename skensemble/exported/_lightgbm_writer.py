"""The text of a model of LightGBM from a sum of trees."""

import json
import math
import re

import numpy as np

LARGEST_NUMBER = 1 << 16  # of a category that is its own number: sets have a bit for each number up to the largest
_LEVELS, _OF_NUMBERS, _DEFAULT_LEFT = 1, 8, 2  # decision types: a set of levels; NaN is missing; missing cells go left


def lightgbm_text(parts):
    """The bytes of the file; a ValueError names what LightGBM cannot hold.

    parts : ScalarTrees
    """
    objective = _objective(parts)
    if any(np.isfinite(line.limit) for tree in parts.trees for line in tree.lines.values()):
        raise ValueError(
            "LightGBM's linear leaves have no limit, but those of this model have one: fit it with max_delta_step=0 or "
            "linear_leaves=False."
        )
    numbers = _numbers_of_levels(parts)
    counts = [sum(tree.output == k for tree in parts.trees) for k in range(parts.n_outputs)]
    is_mean = parts.divisor != 1.0 and not parts.baseline.any() and set(counts) == {parts.divisor}
    parts = parts if is_mean else parts.divided()
    rounds = parts.in_rounds()
    start = [parts.baseline if number == 0 else np.zeros(parts.n_outputs) for number in range(len(rounds))]
    texts = [_tree_text(tree, shift[k], numbers) for shift, trees in zip(start, rounds) for k, tree in enumerate(trees)]
    sections = [f"Tree={t}\n{text}" for t, text in enumerate(texts)]
    names = parts.column_names()
    head = [
        "tree", "version=v4", f"num_class={parts.n_outputs}", f"num_tree_per_iteration={parts.n_outputs}",
        "label_index=0", f"max_feature_idx={len(names) - 1}", *([f"objective={objective}"] if objective else []),
        *(["average_output"] if is_mean else []),
        "feature_names=" + " ".join(re.sub(r"\s", "_", name) for name in names),
        "feature_infos=" + " ".join(_info(numbers.get(j)) for j in range(len(names))),
        "tree_sizes=" + " ".join(str(len(section.encode())) for section in sections),
    ]  # fmt: skip
    lists = [known for known in parts.levels if known is not None] if parts.names is not None else []
    foot = f"end of trees\n\npandas_categorical:{json.dumps(lists or None)}\n"
    return ("\n".join(head) + "\n\n" + "".join(sections) + foot).encode()


def _objective(parts):
    parts.check_response("LightGBM's text", ("identity", "log", "logit", "softmax"))
    if parts.link == "logit":
        return "cross_entropy" if parts.classes is None else "binary sigmoid:1"
    return {"identity": "", "log": "poisson", "softmax": f"multiclass num_class:{parts.n_outputs}"}[parts.link]


def _numbers_of_levels(parts):
    """{column: LightGBM's numbers of its levels}: places in the lists of a frame, or the levels of an array."""
    parts.refuse_columns(
        parts.columns_of_joined_levels(),
        "LightGBM sends unknown categories where missing cells go, but this model sends them with rare ones, unless it "
        "is fitted with min_frequency=None, in",
    )
    known = {j: levels for j, levels in enumerate(parts.levels) if levels is not None}
    strange = [j for j, levels in known.items() if not all(isinstance(x, (str, int, float)) for x in levels)]
    parts.refuse_columns(strange, "LightGBM's text holds categories that are text or numbers, but there are others in")
    return parts.numbers_of_levels("LightGBM", LARGEST_NUMBER)


def _info(numbers):
    return "[-inf:inf]" if numbers is None else ":".join(map(str, sorted(numbers.tolist())))


def _tree_text(tree, shift, numbers):
    """The section of one tree: splits and leaves have numbers of their own, each in the order of the nodes.

    What is missing goes right at a set of levels, so that sets whose missing cells go left are exchanged.
    """
    tree = tree.exchanged([node for node, levels in tree.sets.items() if levels.missing_left])
    is_leaf = tree.is_leaf
    leaves, splits = np.flatnonzero(is_leaf), np.flatnonzero(~is_leaf)
    values = tree.value + shift
    if not len(splits):
        return f"num_leaves=1\nnum_cat=0\nleaf_value={float(values[0])!r}\nis_linear=0\nshrinkage=1\n\n\n"
    number = np.empty(len(is_leaf), np.int64)
    number[splits], number[leaves] = np.arange(len(splits)), ~np.arange(len(leaves))
    nodes = sorted(tree.sets)
    kind, threshold = np.where(tree.missing_left, _OF_NUMBERS + _DEFAULT_LEFT, _OF_NUMBERS), tree.threshold.copy()
    kind[nodes], threshold[nodes] = _OF_NUMBERS + _LEVELS, np.arange(len(nodes))
    words = [_words(numbers[int(tree.feature[node])], tree.sets[node].goes_left) for node in nodes]
    fields = {
        "split_feature": tree.feature[splits],
        "split_gain": tree.gain[splits],
        "threshold": threshold[splits],
        "decision_type": kind[splits],
        "left_child": number[tree.left[splits]],
        "right_child": number[tree.right[splits]],
        "leaf_value": values[leaves],
        "leaf_weight": tree.cover[leaves],
        "leaf_count": tree.count[leaves],
        "internal_value": values[splits],
        "internal_weight": tree.cover[splits],
        "internal_count": tree.count[splits],
    }
    if words:
        fields["cat_boundaries"] = np.cumsum([0, *map(len, words)])
        fields["cat_threshold"] = np.concatenate(words)
    lines = [f"{name}=" + " ".join(map(repr, array.tolist())) for name, array in fields.items()]
    sizes = [f"num_leaves={len(leaves)}", f"num_cat={len(nodes)}"]
    return "\n".join([*sizes, *lines, *_lines_of(tree, leaves, values), "shrinkage=1"]) + "\n\n\n"


def _lines_of(tree, leaves, values):
    """What LightGBM knows of linear leaves: a constant and coefficients, and the value where a cell is missing."""
    if not tree.lines:
        return ["is_linear=0"]
    lines = [tree.lines.get(leaf) for leaf in leaves.tolist()]
    shifts = [0.0 if line is None else math.fsum(-line.slope * line.mean) for line in lines]
    known = [line for line in lines if line is not None]
    numbers = {
        "leaf_const": values[leaves] + shifts,
        "num_features": np.array([0 if line is None else len(line.feature) for line in lines]),
        "leaf_features": np.concatenate([line.feature for line in known]),
        "leaf_coeff": np.concatenate([line.slope for line in known]),
    }
    return ["is_linear=1", *(f"{name}=" + " ".join(map(repr, array.tolist())) for name, array in numbers.items())]


def _words(numbers, goes_left):
    """The set of the numbers of levels that go left, 32 of them per word."""
    chosen = numbers[goes_left]
    bits = np.zeros(32 * (int(chosen.max(initial=0)) // 32 + 1), bool)
    bits[chosen] = True
    return np.packbits(bits, bitorder="little").view("<u4")
