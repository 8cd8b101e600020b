"""The text of a model of LightGBM from a sum of trees."""

import re

import numpy as np

from skensemble.tree.trees._marks import ALL_OUTPUTS, NUMERIC
from skensemble.tree.trees._tree_arrays import split_trees

OBJECTIVES = {"identity": "", "logit": "binary sigmoid:1", "softmax": "multiclass num_class:{}", "log": "poisson"}
_OF_NUMBERS, _DEFAULT_LEFT = 8, 2  # decision types: NaN is missing; missing cells go left
_NO_TREE = "num_leaves=1\nnum_cat=0\nleaf_value={!r}\nis_linear=0\nshrinkage=1\n\n\n"


def lightgbm_text(additive, names):
    """The text; a ValueError names what LightGBM cannot hold.

    additive : AdditiveTrees
    names : list of the names of the columns
    """
    n_outputs, trees = additive.n_outputs, additive.trees
    _check(additive, names)
    leaves = _leaf_texts(additive)
    rounds = max(map(len, leaves))
    padded = [texts + [_NO_TREE.format(0.0)] * (rounds - len(texts)) for texts in leaves]
    in_order = [texts[k] for k in range(rounds) for texts in padded]
    sections = [f"Tree={t}\n{text}" for t, text in enumerate(in_order)]
    objective = OBJECTIVES[additive.link.name].format(n_outputs)
    head = [
        "tree", "version=v4", f"num_class={n_outputs}", f"num_tree_per_iteration={n_outputs}", "label_index=0",
        f"max_feature_idx={len(names) - 1}", *([f"objective={objective}"] if objective else []),
        *(["average_output"] if additive.divisor != 1.0 else []),
        "feature_names=" + " ".join(re.sub(r"\s", "_", name) for name in names),
        "feature_infos=" + " ".join(["[-inf:inf]"] * len(names)),
        "tree_sizes=" + " ".join(str(len(section.encode())) for section in sections),
    ]  # fmt: skip
    assert trees.n_trees <= len(sections)
    return "\n".join(head) + "\n\n" + "".join(sections) + "end of trees\n\npandas_categorical:null\n"


def _check(additive, names):
    trees = additive.trees
    columns = np.unique(trees.feature[trees.category_start != NUMERIC])
    if len(columns):
        split = [names[j] for j in columns]
        raise ValueError(f"model must split no categories to become LightGBM's text, but it does in {split}.")
    if additive.link.name not in OBJECTIVES:
        raise ValueError(f"model must have a link in {sorted(OBJECTIVES)}, got {additive.link.name!r}.")
    if additive.divisor != 1.0 and (additive.divisor != trees.n_trees or additive.baseline.any()):
        raise ValueError("model must be a sum of trees, or the mean of all of them, to become LightGBM's text.")


def _leaf_texts(additive):
    """For each output, the texts of its trees in order; the first one holds the baseline, too, as LightGBM's do."""
    texts = [[] for _ in range(additive.n_outputs)]
    values, bounds = additive.added_values, additive.trees.bounds.tolist()
    for t, tree in enumerate(split_trees(additive.trees)):
        own, output = values[bounds[t] : bounds[t + 1]], int(additive.trees.output[t])
        for k in range(additive.n_outputs) if output == ALL_OUTPUTS else (output,):
            start = 0.0 if texts[k] else additive.baseline[k]
            texts[k].append(_tree_text(tree, start + own[:, k if output == ALL_OUTPUTS else 0]))
    return [own or [_NO_TREE.format(float(additive.baseline[k]))] for k, own in enumerate(texts)]


def _tree_text(tree, values):
    """The section of one tree: splits and leaves have numbers of their own, each in the order of the nodes."""
    is_leaf = tree.is_leaf
    leaves, splits = np.flatnonzero(is_leaf), np.flatnonzero(~is_leaf)
    if not len(splits):
        return _NO_TREE.format(float(values[0]))
    number = np.empty(len(is_leaf), np.int64)
    number[splits], number[leaves] = np.arange(len(splits)), ~np.arange(len(leaves))
    fields = {
        "split_feature": tree.feature[splits],
        "split_gain": tree.gain[splits],
        "threshold": tree.threshold[splits],
        "decision_type": _OF_NUMBERS + _DEFAULT_LEFT * tree.missing_left[splits],
        "left_child": number[tree.left[splits]],
        "right_child": number[tree.right[splits]],
        "leaf_value": values[leaves],
        "leaf_weight": tree.cover[leaves],
        "leaf_count": tree.count[leaves],
        "internal_value": values[splits],
        "internal_weight": tree.cover[splits],
        "internal_count": tree.count[splits],
    }
    lines = [f"{name}=" + " ".join(map(repr, array.tolist())) for name, array in fields.items()]
    return "\n".join([f"num_leaves={len(leaves)}", "num_cat=0", *lines, "is_linear=0", "shrinkage=1"]) + "\n\n\n"
