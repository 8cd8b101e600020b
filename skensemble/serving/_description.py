"""A model in a few lines: what it is, what it was fitted to, what it consists of."""

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

SHOWN = 12  # names of features
WIDTH = 110


def describe(model):
    """List of lines of text."""
    lines = [type(model).__name__, *_parameter_lines(model)]
    try:
        check_is_fitted(model)
    except NotFittedError:
        return [*lines, "not fitted"]
    facts = [*_table_facts(model), *_target_facts(model), *_tree_facts(model)]
    return lines + [f"{name}: {value}" for name, value in facts]


def _parameter_lines(model):
    """Parameters that are not the default."""
    default = type(model)().get_params(deep=False)
    values = {name: repr(value) for name, value in model.get_params(deep=False).items()}
    changed = [f"{name}={value}" for name, value in values.items() if value != repr(default[name])]
    return [f"parameters: {_cut(', '.join(changed))}"] if changed else []


def _table_facts(model):
    if hasattr(model, "n_features_in_"):
        names = getattr(model, "feature_names_in_", None)
        shown = "" if names is None else f" ({', '.join(map(str, names[:SHOWN]))}{', ...' * (len(names) > SHOWN)})"
        yield "features", f"{model.n_features_in_}{shown}"


def _target_facts(model):
    classes = getattr(model, "classes_", None)
    if classes is not None and not isinstance(classes, list):
        yield "classes", f"{len(classes)} ({_cut(', '.join(map(str, classes)))})"
    for name in ("n_outputs_", "likelihood_"):
        if hasattr(model, name):
            yield name.strip("_").replace("n_", "number of "), getattr(model, name)


def _tree_facts(model):
    try:
        trees = model._shown_trees().trees
    except (AttributeError, ValueError):  # no sum of trees
        return
    yield "trees", f"{trees.n_trees}, {int(trees.n_leaves.sum())} leaves, depth {int(trees.depth.max(initial=0))}"
    if getattr(model, "_is_slim", False):
        yield "slim", "yes: no importances, pictures, warm_start"


def _cut(text):
    return text if len(text) <= WIDTH else text[: WIDTH - 3] + "..."
