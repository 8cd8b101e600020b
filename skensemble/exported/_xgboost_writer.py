"""The document of a model of XGBoost from a sum of trees, as JSON or as Universal Binary JSON."""

import json

import numpy as np
from scipy.special import expit, logit

from skensemble.exported._universal_binary_json_writer import universal_binary_json
from skensemble.tree.trees._scalar_trees import LARGEST_SINGLE, breadth_first, single_precision

LARGEST_NUMBER = 1 << 16  # of a category that is its own number
_NO_PARENT = (1 << 31) - 1
_INTEGERS = 15  # XGBoost's mark of a list of categories that are 64-bit integers
_OF_SQUARES = {"reg_loss_param": {"scale_pos_weight": "1"}}
OBJECTIVES = {  # link -> (name for numbers, name for classes, its parameters, response of raw predictions, its inverse)
    "identity": ("reg:squarederror", "reg:squarederror", _OF_SQUARES, np.array, np.array),
    "log": (
        "count:poisson", None, {"poisson_regression_param": {"max_delta_step": "0.699999988"}}, np.exp, np.log,
    ),
    "logit": ("reg:logistic", "binary:logistic", _OF_SQUARES, expit, logit),
    "softmax": (None, "multi:softprob", {}, np.array, np.array),
}  # fmt: skip


def xgboost_document(parts, is_binary):
    """The bytes of the file; a ValueError names what XGBoost cannot hold.

    parts : ScalarTrees
    is_binary : whether it is to be Universal Binary JSON rather than JSON
    """
    parts.refuse_lines("XGBoost")
    parts.check_response("XGBoost", OBJECTIVES)
    parts.check_single_precision("XGBoost")
    parts = parts.divided()
    names = _names_of_levels(parts)
    numbers = parts.numbers_of_levels("XGBoost", LARGEST_NUMBER)
    base, rest = _base_score(parts)
    rounds = parts.in_rounds()
    n_outputs, trees = parts.n_outputs, [tree for trees in rounds for tree in trees]
    is_multiclass = parts.link == "softmax"
    kind = OBJECTIVES[parts.link]
    objective = {"name": kind[parts.classes is not None], **kind[2]}
    if is_multiclass:
        objective["softmax_multiclass_param"] = {"num_class": str(n_outputs)}
    sections = [
        _tree(tree, rest[tree.output] if t < n_outputs else 0.0, numbers, parts.n_features, t)
        for t, tree in enumerate(trees)
    ]
    model = {
        "cats": _cats(parts, names),
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
        "iteration_indptr": list(range(0, len(trees) + 1, n_outputs)),
        "tree_info": [tree.output for tree in trees],
        "trees": sections,
    }
    learner = {
        "attributes": {},
        "feature_names": [] if parts.names is None else parts.names,
        "feature_types": ["float" if j not in numbers else "c" for j in range(parts.n_features)],
        "gradient_booster": {"model": model, "name": "gbtree"},
        "learner_model_param": {
            "base_score": "[" + ",".join(str(np.float32(score)) for score in base) + "]",
            "boost_from_average": "1",
            "num_class": str(n_outputs if is_multiclass else 0),
            "num_feature": str(parts.n_features),
            "num_target": str(1 if is_multiclass else n_outputs),
        },
        "objective": objective,
    }
    document = {"learner": learner, "version": [3, 2, 0]}
    return universal_binary_json(document) if is_binary else json.dumps(document, default=_plain).encode()


def _plain(array):
    """An array as a list; numbers of single precision with as few digits as they need."""
    return [float(str(x)) for x in array] if array.dtype == np.float32 else array.tolist()


def _base_score(parts):
    """(base scores in the units of the response, what the first trees add to their logarithms or log-odds)"""
    *_, respond, invert = OBJECTIVES[parts.link]
    base = np.clip(respond(np.clip(parts.baseline, -30.0, 30.0)), -LARGEST_SINGLE, LARGEST_SINGLE).astype(np.float32)
    if parts.link == "logit":
        base = np.clip(base, np.float32(1e-6), np.float32(1 - 1e-6))
    return base, parts.baseline - invert(base.astype(np.float64))


# -- categories ------------------------------------------------------------------------------------------------------


def _names_of_levels(parts):
    """{column: list of its levels, text or whole numbers}, of a frame."""
    if parts.names is None:
        return {}
    names = {}
    for j, levels in enumerate(parts.levels):
        if levels is None:
            continue
        is_text, is_whole = ([test(x) for x in levels] for test in (_is_text, _is_whole))
        if not (all(is_text) or all(is_whole)):
            parts.refuse_columns([j], "XGBoost holds categories that are all text or all whole numbers, but not in")
        names[j] = levels if all(is_text) else [int(x) for x in levels]
    return names


def _is_text(x):
    return isinstance(x, str)


def _is_whole(x):
    return isinstance(x, (int, float)) and x == int(x)


def _cats(parts, names):
    """The lists of levels of all columns, and the order in which their levels would be sorted."""
    encodings, order, ends = [], [], [0]
    for j in range(parts.n_features):
        levels = names.get(j, [])
        encodings.append(_text_list(levels) if not levels or _is_text(levels[0]) else _number_list(levels))
        order += sorted(range(len(levels)), key=levels.__getitem__)
        ends.append(ends[-1] + len(levels))
    if not names:
        return {"enc": [], "feature_segments": np.zeros(0, np.int32), "sorted_idx": np.zeros(0, np.int32)}
    return {"enc": encodings, "feature_segments": np.array(ends, np.int32), "sorted_idx": np.array(order, np.int32)}


def _text_list(levels):
    words = [level.encode() for level in levels]
    ends = np.cumsum([0, *map(len, words)]).astype(np.int32) if words else np.zeros(0, np.int32)
    return {"offsets": ends, "values": np.frombuffer(b"".join(words), np.int8)}


def _number_list(levels):
    return {"type": _INTEGERS, "values": np.array(levels, np.int64)}


# -- trees -----------------------------------------------------------------------------------------------------------


def _tree(tree, shift, numbers, n_features, t):
    """The section of one tree. Listed levels go right and all others left, so that sets may have to be exchanged.

    XGBoost takes the node after a left child for its sibling, whatever `right_children` says, where a row comes alone
    or a tree is deep (`findings/xgboost_one_row_ignores_right_children.sh`).
    """
    tree = breadth_first(tree.exchanged([node for node, levels in tree.sets.items() if not levels.unseen_left]))
    is_leaf, nodes = tree.is_leaf, sorted(tree.sets)
    value = (tree.value + shift).astype(np.float32)
    parent = np.full(len(is_leaf), _NO_PARENT, np.int32)
    for child in (tree.left, tree.right):
        parent[child[~is_leaf]] = np.flatnonzero(~is_leaf)
    with np.errstate(over="ignore"):
        above = np.nextafter(single_precision(tree.threshold), np.float32(np.inf))  # x <= t is x < the one above t
    above = np.where(np.isnan(above), 0.0, np.clip(above, -LARGEST_SINGLE, LARGEST_SINGLE))
    condition = np.where(is_leaf, value, above)
    kind = np.zeros(len(is_leaf), np.uint8)
    kind[nodes] = 1
    listed = [_listed(numbers[int(tree.feature[node])], tree.sets[node].goes_left) for node in nodes]
    sizes = np.array([len(part) for part in listed], np.int64)
    return {
        "base_weights": value,
        "categories": np.concatenate([np.zeros(0, np.int32), *listed]).astype(np.int32),
        "categories_nodes": np.array(nodes, np.int32),
        "categories_segments": np.cumsum(sizes) - sizes,
        "categories_sizes": sizes,
        "default_left": (tree.missing_left & ~is_leaf).astype(np.uint8),
        "id": t,
        "left_children": tree.left.astype(np.int32),
        "loss_changes": tree.gain.astype(np.float32),
        "parents": parent,
        "right_children": tree.right.astype(np.int32),
        "split_conditions": condition.astype(np.float32),
        "split_indices": np.where(is_leaf, 0, tree.feature).astype(np.int32),
        "split_type": kind,
        "sum_hessian": tree.cover.astype(np.float32),
        "tree_param": {
            "num_deleted": "0", "num_feature": str(n_features), "num_nodes": str(len(is_leaf)), "size_leaf_vector": "1",
        },
    }  # fmt: skip


def _listed(numbers, goes_left):
    """Numbers of the levels that go right; one that no level has where there is none, since lists are not empty."""
    listed = np.sort(numbers[~goes_left])
    return listed if len(listed) else np.array([numbers.max(initial=-1) + 1])
