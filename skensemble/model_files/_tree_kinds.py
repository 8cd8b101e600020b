"""Kinds of objects that trees, forests and boosters are made of; the estimators are in `_tree_estimators.py`."""

from dataclasses import fields as fields_of
from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from skensemble.ensemble.adaboost._adaboost_algorithms import ALGORITHMS
from skensemble.ensemble.adaboost._weak_learners import FittedEstimators, GrownTrees
from skensemble.ensemble.losses._class_losses import MulticlassLogLoss
from skensemble.ensemble.losses._links import response as response_by_loss
from skensemble.ensemble.losses._losses import LOSSES
from skensemble.ensemble.newton._dart import DartTrees, Rescaling
from skensemble.ensemble.newton._gradient_trees import GradientTrees
from skensemble.ensemble.newton._linear_booster import LinearBooster
from skensemble.ensemble.newton._linear_columns import ColumnEncoder
from skensemble.ensemble.newton._linear_leaves import LinearLeafTrees
from skensemble.ensemble.rows._bootstrap import Bootstrap
from skensemble.imported._foreign_columns import ForeignColumns
from skensemble.imported._imported_model import RESPONSES, respond
from skensemble.model_files._kinds import Kind, bare
from skensemble.model_files._rules import ANYTHING, FLAG, PREDICTS, Array, Each, Maybe, Number, Of, Text, Whole
from skensemble.tree._binning import Binner
from skensemble.tree.estimators._tree_structure import TreeStructure
from skensemble.tree.trees._additive_trees import AdditiveTrees, Link
from skensemble.tree.trees._leaf_slopes import LeafSlopes
from skensemble.tree.trees._marks import NO_CHILD, NO_FEATURE, NUMERIC
from skensemble.tree.trees._tree_arrays import DTYPES, NODE_FIELDS, TREE_FIELDS, TreeArrays, validate_trees

# -- trees -----------------------------------------------------------------------------------------------------------

CATEGORY_FIELDS = ("category_start", "category_count", "category_words")
SPLIT_FIELDS = {"feature": NO_FEATURE, "threshold": np.nan, "right": NO_CHILD, "missing_left": False,
                "category_start": NUMERIC, "category_count": 0}  # fmt: skip


def _tree_array(name, size):
    """Rule of one of the arrays of TreeArrays."""
    return Array(str(np.dtype(DTYPES[name])), size, *(["values"] if name == "values" else []))


_OF_NODES = {name: _tree_array(name, "nodes") for name in NODE_FIELDS}
_OF_TREES = {name: _tree_array(name, "trees") for name in TREE_FIELDS}
_WORDS = {"category_words": _tree_array("category_words", None)}


def _take_trees(trees, slim=False):
    """All arrays but those that hold nothing."""
    fields = trees._asdict()
    for name in CATEGORY_FIELDS if _is_numeric(trees) else ():
        del fields[name]
    return {name: array for name, array in fields.items() if len(array) or name not in ("gain", "cover", "impurity")}


def _is_numeric(trees):
    return len(trees.category_words) == 0 and (trees.category_start == NUMERIC).all() and not trees.category_count.any()


def _make_trees(*, feature, **fields):
    n_nodes = len(feature)
    fields.setdefault("category_start", np.full(n_nodes, NUMERIC, DTYPES["category_start"]))
    fields.setdefault("category_count", np.zeros(n_nodes, DTYPES["category_count"]))
    for name in ("category_words", "gain", "cover", "impurity"):
        fields.setdefault(name, np.empty(0, DTYPES[name]))
    return TreeArrays(feature=feature, **fields)


def _take_slim_trees(trees, slim):
    """What predictions need: splits have a question, leaves a value, and nodes a number of rows."""
    fields, is_leaf = _take_trees(trees), trees.is_leaf
    for name in SPLIT_FIELDS.keys() & fields.keys():
        fields[name] = fields[name][~is_leaf]
    fields["values"] = trees.values[is_leaf]
    return {name: array for name, array in fields.items() if name not in ("gain", "impurity")}


def _make_slim_trees(*, left, values, **fields):
    is_leaf = left == NO_CHILD
    splits, leaves = np.flatnonzero(~is_leaf), np.flatnonzero(is_leaf)
    for name in SPLIT_FIELDS.keys() & fields.keys():
        of_splits, fields[name] = fields[name], np.full(len(left), SPLIT_FIELDS[name], DTYPES[name])
        fields[name][splits] = of_splits
    all_values = np.zeros((len(left), values.shape[1]))
    all_values[leaves] = values
    return _make_trees(left=left, values=all_values, **fields)


def _check_depths(trees):
    sizes = np.diff(trees.bounds)
    if not (trees.depth < np.maximum(sizes, 1)).all():
        raise ValueError("the depth of a tree must be less than the number of its nodes.")


ALL_FIELDS = {**_OF_NODES, **_WORDS, **_OF_TREES}
SLIM_FIELDS = {
    **{name: _OF_NODES[name] for name in ("left", "count", "cover")},
    **{name: _tree_array(name, "splits") for name in SPLIT_FIELDS},
    "values": _tree_array("values", "leaves"),
    **_WORDS,
    **_OF_TREES,
}
TREE_KINDS = [
    Kind(
        "trees",
        TreeArrays,
        ALL_FIELDS,
        optional=(*CATEGORY_FIELDS, "gain", "cover", "impurity"),
        take=_take_trees,
        make=_make_trees,
        check=_check_depths,
    ),
    Kind(
        "slim trees",
        TreeArrays,
        SLIM_FIELDS,
        optional=(*CATEGORY_FIELDS, "cover"),
        take=_take_slim_trees,
        make=_make_slim_trees,
        check=_check_depths,
        is_slim=True,
    ),
]

# -- encoders --------------------------------------------------------------------------------------------------------

BINNER_FIELDS = {
    "max_bins": Maybe(Whole(1)),
    "categorical_features": ANYTHING,
    "min_frequency": Maybe(Number(0.0)),
    "is_categorical_": Array("bool", "features"),
    "n_codes_": Array("i4", "features", low=1),
    "categories_": Each(Maybe(Array("O f8", None)), "features"),
    "thresholds_": Maybe(Each(Array("f8", None), "features")),
}


def _make_binner(cls):
    def make(**values):
        return bare(cls)(**values)._learn_lookups()

    return make


def _check_binner(binner):
    is_known = [categories is not None for categories in binner.categories_]
    if not np.array_equal(is_known, binner.is_categorical_):
        raise ValueError("categories_ must be there for categorical features, and only for them.")
    for j, categories in enumerate(binner.categories_):
        n_codes = int(binner.n_codes_[j])
        if categories is not None and not min(len(categories), 1) + 1 <= n_codes <= len(categories) + 1:
            raise ValueError(f"n_codes_ of feature {j} must fit its {len(categories)} categories, got {n_codes}.")
    if binner.thresholds_ is None or isinstance(binner, ColumnEncoder):
        return
    counts = np.array([len(thresholds) for thresholds in binner.thresholds_])
    joined, ends = np.concatenate(binner.thresholds_), np.cumsum(counts)  # at once: each call of NumPy takes time
    is_wrong = ~(joined[1:] > joined[:-1])  # True for NaN
    is_wrong[ends[(ends > 0) & (ends < len(joined))] - 1] = False  # between two features
    if is_wrong.any():
        raise ValueError(f"thresholds_ of feature {_feature_at(int(np.argmax(is_wrong)), ends)} must ascend.")
    for j in np.flatnonzero(~binner.is_categorical_ & (binner.n_codes_ != counts + 2)):
        raise ValueError(f"n_codes_ of feature {j} must be {counts[j] + 2}, got {binner.n_codes_[j]}.")


def _feature_at(place, ends):
    """The feature that has the threshold at some place among those of all features."""
    return int(np.searchsorted(ends, place, side="right"))


def _take_binner(binner, slim):
    fields = {name: getattr(binner, name) for name in BINNER_FIELDS}
    return fields | ({"thresholds_": None} if slim else {})


ENCODERS = [
    Kind(name, cls, BINNER_FIELDS, take=_take_binner, make=_make_binner(cls), check=_check_binner)
    for name, cls in (("binner", Binner), ("linear columns", ColumnEncoder))
]

# -- losses ----------------------------------------------------------------------------------------------------------

_NUMBERS = Number(0.0), Each(Number(0.0), kind=tuple)


class _Setting:
    """Rule for a setting of a loss: a number >= 0, some of them, a flag, or None."""

    def check(self, value, where, sizes):
        if value is None or type(value) is bool:
            return
        if type(value) is float and value == np.inf:
            return
        _NUMBERS[type(value) is tuple].check(value, where, sizes)


def _loss_kind(cls):
    names = [field.name for field in fields_of(cls) if field.name not in ("queries", "n_threads")]

    def take(loss, slim):
        return {name: _plain(getattr(loss, name)) for name in names}

    name = "multiclass" if cls is MulticlassLogLoss else cls.name
    rules = {setting: Whole(1) if setting in ("n_outputs", "n_classes") else _Setting() for setting in names}
    optional = {"target_unit"} & set(names)  # which files of earlier versions lack
    return Kind(f"{name} loss", cls, rules, optional=tuple(optional), take=take)


def _plain(value):
    """A setting without scalars of NumPy."""
    if isinstance(value, (tuple, list, np.ndarray)):
        return tuple(map(_plain, value))
    return value.item() if isinstance(value, np.generic) else value


LOSS_KINDS = [_loss_kind(cls) for cls in (*LOSSES.values(), MulticlassLogLoss)]
LOSS_CLASSES = tuple(kind.cls for kind in LOSS_KINDS)

# -- models that add up trees ----------------------------------------------------------------------------------------


def _take_link(link, slim):
    settings = link.response.args if isinstance(link.response, partial) else (None,)
    if len(settings) > 1:  # of an imported model
        return {"name": link.name, "loss": None, "response": settings[0], "slope": settings[1]}
    return {"name": link.name, "loss": settings[0]}


def _make_link(*, name, loss, response=None, slope=1.0):
    if response is not None:
        return Link(name, partial(respond, response, slope), slope)
    return Link(name) if loss is None else Link(name, partial(response_by_loss, loss))


def _take_additive(additive, slim):
    fields = {name: getattr(additive, name) for name in ADDITIVE_FIELDS}
    if slim:
        fields["trees"] = additive.trees._replace(cover=np.empty(0))
    return fields if additive.slopes is None else fields | {"slopes": additive.slopes}


def _check_additive(additive):
    """The trees themselves are checked by the estimator that they belong to."""
    trees, baseline = additive.trees, additive.baseline
    if additive.node_weight.shape != (trees.n_nodes,):
        raise ValueError(f"node_weight must have an entry for each of {trees.n_nodes} nodes.")
    if additive.multiplier is not None and additive.multiplier.shape != (trees.n_trees,):
        raise ValueError(f"multiplier must have an entry for each of {trees.n_trees} trees.")
    names = additive.output_names
    if names is not None and (type(names) is not tuple or len(names) > len(baseline)):
        raise ValueError(f"output_names must be a tuple of at most {len(baseline)} names, as there are outputs.")
    if additive.divisor == 0.0:
        raise ValueError("divisor must not be 0.")
    if additive.slopes is not None:
        _check_slopes(additive)
    if not np.isfinite(additive.added_values).all():
        raise ValueError("multiplier times values must be finite.")


ADDITIVE_FIELDS = {
    "trees": Of(TreeArrays),
    "binner": Of(Binner, ForeignColumns),
    "baseline": Array("f8", None, finite=True),
    "multiplier": Maybe(Array("f8", None, finite=True)),
    "divisor": Number(),
    "node_weight": Array("f8 i8", None, low=0),
    "link": Of(Link),
    "output_names": ANYTHING,
}
SLOPES = {"slopes": Of(LeafSlopes)}  # of imported models with linear leaves
LINK_FIELDS = {
    "name": Text(),
    "loss": Maybe(Of(*LOSS_CLASSES)),
    "response": Text(*RESPONSES),
    "slope": Number(),
}
ADDITIVE_KINDS = [
    Kind(
        "additive trees",
        AdditiveTrees,
        ADDITIVE_FIELDS | SLOPES,
        optional=tuple(SLOPES),
        take=_take_additive,
        check=_check_additive,
    ),
    Kind("link", Link, LINK_FIELDS, optional=("response", "slope"), take=_take_link, make=_make_link),
]

_TREE_BOOSTER = {"additive": Of(AdditiveTrees), "n_parallel": Whole(1)}


def _check_rounds(booster):
    each = booster.n_learners * booster.n_parallel
    if booster.additive.trees.n_trees % each:
        raise ValueError(f"the number of trees must be a multiple of {each}, got {booster.additive.trees.n_trees}.")


def _check_dart(booster):
    _check_rounds(booster)
    n_learners, n_known = booster.n_learners, 0
    if len(booster.rescalings) != booster.n_rounds:
        raise ValueError(f"there must be a rescaling for each of {booster.n_rounds} rounds.")
    for rescaling in booster.rescalings:
        learners = rescaling.learners
        if len(learners) and not (0 <= learners[0] and learners[-1] < n_known and (np.diff(learners) > 0).all()):
            raise ValueError(f"a round must rescale some of the {n_known} learners before it, in order.")
        if len(rescaling.new) != n_learners:
            raise ValueError(f"a round must have scales for {n_learners} learners.")
        n_known += n_learners


def _take_linear_leaves(booster, slim):
    additive = replace(booster.additive, slopes=None)  # which files hold beside it
    return {"additive": additive, "n_parallel": booster.n_parallel, "slopes": booster.additive.slopes}


def _make_linear_leaves(*, additive, n_parallel, slopes):
    slopes = LeafSlopes.empty(additive.trees.n_values) if slopes is None else slopes
    return LinearLeafTrees(replace(additive, slopes=slopes), n_parallel)


def _check_linear_leaves(booster):
    _check_rounds(booster)
    _check_slopes(booster.additive)


def _check_slopes(additive):
    trees = additive.trees
    if not additive.slopes.is_valid(trees.n_nodes, trees.n_values, additive.binner.n_features):
        raise ValueError("slopes must belong to the nodes of the trees.")
    if additive.multiplier is not None or additive.divisor != 1.0:
        raise ValueError("multiplier must be None, and divisor 1, where leaves have slopes.")


def _check_linear(booster):
    booster.check(len(booster.binner.is_categorical_))


BOOSTER_KINDS = [
    Kind("boosted trees", GradientTrees, _TREE_BOOSTER, check=_check_rounds),
    Kind(
        "dart trees",
        DartTrees,
        {**_TREE_BOOSTER, "rescalings": Each(Of(Rescaling), kind=tuple)},
        check=_check_dart,
    ),
    Kind(
        "rescaling",
        Rescaling,
        {
            "learners": Array("i8", "dropped"),
            "factors": Array("f8", "dropped", finite=True),
            "new": Array("f8", None, finite=True),
        },
    ),
    Kind(
        "linear leaf trees",
        LinearLeafTrees,
        {**_TREE_BOOSTER, "slopes": Maybe(Of(LeafSlopes))},
        take=_take_linear_leaves,
        make=_make_linear_leaves,
        check=_check_linear_leaves,
    ),
    Kind(
        "leaf slopes",
        LeafSlopes,
        {
            "start": Array("i8", None),
            "feature": Array("i4", "entries"),
            "mean": Array("f8", "entries", "values", finite=True),
            "slope": Array("f8", "entries", "values", finite=True),
            "limit": Array("f8", None, low=0.0),
        },
    ),
    Kind(
        "linear booster",
        LinearBooster,
        {
            "binner": Of(ColumnEncoder),
            "baseline": Array("f8", "outputs", finite=True),
            "coefs": Array("f8", "stages", "outputs", "terms", finite=True, low=None),
            "shifts": Array("f8", "stages", "outputs", finite=True),
        },
        check=_check_linear,
    ),
]

# -- single trees, forests, AdaBoost ---------------------------------------------------------------------------------


def _check_structure(structure):
    validate_trees(structure.trees, structure.n_features, structure.trees.n_values)
    if structure.trees.n_trees != 1 or len(structure.binner.is_categorical_) != structure.n_features:
        raise ValueError(f"there must be one tree, and an encoder of {structure.n_features} features.")
    if len(structure.trees.cover) != structure.trees.n_nodes:
        raise ValueError("the tree must have covers.")
    n_values = int(structure.n_classes.sum())
    if n_values != structure.trees.n_values:
        raise ValueError(f"n_classes must add up to the {structure.trees.n_values} values of a node, got {n_values}.")


def _take_bootstrap(bootstrap, slim):
    return {
        "n_samples": bootstrap.n_samples,
        "n_draws": bootstrap.n_draws,
        "line": bootstrap.line,
        "ends": bootstrap._ends,
    }


def _check_bootstrap(bootstrap):
    line, ends = bootstrap.line, bootstrap._ends
    if not (len(line) and (line >= 0).all() and (line < bootstrap.n_samples).all()):
        raise ValueError(f"rows to draw must be below {bootstrap.n_samples}, got others.")
    if len(ends) and not (len(ends) == len(line) and ends[0] > 0 and (np.diff(ends) > 0).all()):
        raise ValueError("ends of rows to draw must ascend, one for each row.")


GROWN_FIELDS = {
    "template": ANYTHING,
    "binner": Of(Binner),
    "trees": Of(TreeArrays),
    "node_weight": Array("f8 i8", None, low=0.0),
    "seeds": Each(Whole(0), kind=tuple),
    "task": Text("labels", "probabilities", "numbers"),
    "fitted": ANYTHING,
}


def _take_grown(members, slim):
    fields = {name: getattr(members, name) for name in GROWN_FIELDS if name != "node_weight"}
    return fields | {"node_weight": members.additive.node_weight}


def _check_grown(members):
    trees = members.trees
    validate_trees(trees, len(members.binner.is_categorical_), trees.n_values)
    if len(members.seeds) != trees.n_trees:
        raise ValueError(f"there must be seeds of {trees.n_trees} trees.")
    if len(trees.cover) != trees.n_nodes or members.additive.node_weight.shape != (trees.n_nodes,):
        raise ValueError(f"there must be weights and covers of {trees.n_nodes} nodes.")


_OF_CONSTANTS = {"random_state": ANYTHING, "constant": ANYTHING, "n_features_in_": Whole(1), "n_outputs_": Whole(1)}
CONSTANT_KINDS = [  # what GBDT starts from, as scikit-learn shows it
    Kind(
        "constant classifier",
        DummyClassifier,
        {
            **_OF_CONSTANTS,
            "strategy": Text("prior"),
            "_strategy": Text("prior"),
            "sparse_output_": FLAG,
            "classes_": Array("i8", "classes"),
            "n_classes_": Whole(1),
            "class_prior_": Array("f8", "classes"),
        },
        make=bare(DummyClassifier),
    ),
    Kind(
        "constant regressor",
        DummyRegressor,
        {**_OF_CONSTANTS, "strategy": Text("constant"), "quantile": ANYTHING, "constant_": Array("f8", 1, 1)},
        optional=("random_state",),
        make=bare(DummyRegressor),
    ),
]
OTHER_KINDS = [
    Kind(
        "tree structure",
        TreeStructure,
        {
            "trees": Of(TreeArrays),
            "binner": Of(Binner),
            "n_features": Whole(1),
            "n_classes": Array("i8", "outputs", low=1),
        },
        make=bare(TreeStructure),
        check=_check_structure,
    ),
    Kind(
        "bootstrap",
        Bootstrap,
        {
            "n_samples": Whole(1, 2**31),
            "n_draws": Whole(1, 2**31),
            "line": Array("i4", None),
            "ends": Array("i8", None),
        },
        take=_take_bootstrap,
        make=Bootstrap.of_line,
        check=_check_bootstrap,
    ),
    Kind("grown trees", GrownTrees, GROWN_FIELDS, take=_take_grown, check=_check_grown),
    Kind(
        "fitted estimators",
        FittedEstimators,
        {
            "estimators": Each(PREDICTS),
            "task": Text("labels", "probabilities", "numbers"),
            "classes": ANYTHING,
        },
    ),
    *(
        Kind(
            f"{name} algorithm",
            cls,
            {"n_classes": Whole(1), "learning_rate": Number(0.0), "smoothing": Number(0.0)},
        )
        for name, cls in ALGORITHMS.items()
    ),
]

KINDS = [*TREE_KINDS, *ENCODERS, *LOSS_KINDS, *ADDITIVE_KINDS, *BOOSTER_KINDS, *CONSTANT_KINDS, *OTHER_KINDS]
