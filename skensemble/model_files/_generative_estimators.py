"""Kinds of generative models and of their parts: which attributes of a fitted one are stored."""

import numpy as np

from skensemble._parameters import IsInstance
from skensemble.generative.fields._field_network import FieldNetwork
from skensemble.generative.flows._flow_network import Flow
from skensemble.generative.flows._label_shares import LabelShares
from skensemble.generative.paths._blended_field import BlendedField
from skensemble.generative.paths._field_input import FieldLayout
from skensemble.generative.paths._paths import PATHS, PREDICTIONS
from skensemble.generative.paths._vector_field import RegressorField
from skensemble.generative.tables._encoded_columns import EncodedCategories, EncodedNumbers
from skensemble.generative.tables._given_columns import GivenColumns
from skensemble.generative.tables._label_encoding import LabelEncoding
from skensemble.generative.tables._tabular import TableEncoder
from skensemble.model_files._kinds import EstimatorKind, require
from skensemble.model_files._rules import ANYTHING, FLAG, Array, Each, Entries, Maybe, Number, Of, Text, Value, Whole
from skensemble.model_files._table_kinds import CONTAINERS
from skensemble.tree.trees._tree_arrays import TreeArrays

SEED = Whole(0, 2**63 - 1)
CURVE = Array("f8", None)


# -- the encoder of tables -------------------------------------------------------------------------------------------


def _check_encoder(encoder):
    columns, end = encoder._columns, 0
    require(len(columns) == len(encoder._slices) == encoder.n_features_in_, "there must be a part for each column")
    for j, (column, part) in enumerate(zip(columns, encoder._slices)):
        width = 0 if j in encoder._copies else column.n_columns
        require((part.start, part.stop) == (end, end + width), f"column {j} must be encoded from {end} on")
        end += width
    require(encoder.n_encoded_ == end, f"n_encoded_ must be {end}, got {encoder.n_encoded_}")
    for j, entry in encoder._copies.items():
        is_pair = type(entry) is tuple and len(entry) == 2 and type(entry[0]) is int
        require(is_pair and 0 <= entry[0] < j, f"column {j} must be a copy of a column before it")
        require(entry[0] not in encoder._copies and entry[1].column is columns[j], f"column {j} must be its own copy")


ENCODER = EstimatorKind(
    "TableEncoder",
    {
        "n_encoded_": Whole(0),
        "_container": Of(*CONTAINERS),
        "_columns": Each(Of(EncodedNumbers, EncodedCategories), "features"),
        "_copies": Entries(Whole(0), ANYTHING),
        "_slices": Each(Value(IsInstance(slice, "a slice")), "features"),
    },
    check=_check_encoder,
)

# -- fields ----------------------------------------------------------------------------------------------------------

_FIELD = {
    "layout_": Maybe(Of(FieldLayout)),
    "path_": Of(*PATHS.values()),
    "prediction_": Text(*PREDICTIONS),
}


def _check_network_field(field):
    network = field.model_.network
    require(len(field.model_.embedding.centre) == field.n_features_in_, "the network must see n_features_in_ features")
    if field.layout_ is not None:
        require(field.layout_.n_features == field.n_features_in_, "layout_ must have n_features_in_ features")
        require(field.layout_.n_columns == network.n_outputs, "layout_ must have the columns of the network")


def _check_tree_field(field):
    layout, forests = field.layout_, field.forests_
    values = field.condition_values_
    n_ensembles = len(field.level_times_) * (len(values) + 1 if len(values) else 1)
    require(len(forests) == n_ensembles, f"there must be {n_ensembles} ensembles, got {len(forests)}")
    require(len(values) == 0 or values.shape[1] == layout.n_label, f"values must have {layout.n_label} columns")
    for forest in forests:
        require(forest.n_values == layout.n_columns, f"leaves must hold {layout.n_columns} values")


FIELD_KINDS = [
    EstimatorKind(
        "MLPField",
        {"model_": Of(FieldNetwork), "n_outputs_": Whole(1), "_is_flat": FLAG, "layout_": _FIELD["layout_"]},
        {
            "path_": _FIELD["path_"],
            "prediction_": _FIELD["prediction_"],
            "n_iter_": Whole(0),
            "best_iter_": Whole(0),
            "loss_curve_": CURVE,
            "validation_curve_": CURVE,
        },
        training=("loss_curve_", "validation_curve_"),
        check=_check_network_field,
    ),
    EstimatorKind(
        "TreeField",
        {
            "forests_": Each(Of(TreeArrays)),
            **_FIELD,
            "condition_values_": Array("f8", None, None),
            "level_times_": Array("f8", None, low=0.0, high=1.0),
        },
        {"validation_error_": Each(CURVE), "n_iter_": Each(Whole(0))},
        training=("validation_error_",),
        check=_check_tree_field,
        has_columns=False,
    ),
]

# -- densities -------------------------------------------------------------------------------------------------------

_ENCODED = {
    "encoder_": Of(TableEncoder),
    "_labels": Maybe(Of(LabelEncoding)),
    "likelihood_": Text("ode", "elbo", "exact"),
}


def _check_classes(model):
    labels = model._labels
    if hasattr(model, "classes_"):
        require(labels is not None and np.array_equal(model.classes_, labels.classes_), "classes_ must be the labels")
    require(model.encoder_.n_features_in_ == model.n_features_in_, "the encoder must have n_features_in_ columns")


def _layout_of(field):
    return getattr(field.regressor, "layout_", None)


def _check_diffusion(model):
    _check_classes(model)
    n_columns = model.encoder_.n_encoded_
    require(all(len(bound) == n_columns for bound in model._bounds), f"_bounds must be those of {n_columns} columns")
    require((model._field is None) == (n_columns == 0), "there must be a field where there are columns")
    for field in (getattr(model, name, None) for name in ("_field", "_bound_field")):
        if isinstance(field, BlendedField):
            require(field.share.shape[1] == n_columns, f"share must be that of {n_columns} columns")
            field = field.field
        layout = None if field is None else _layout_of(field)
        if layout is not None:
            n_label = 0 if model._labels is None else model._labels.n_columns
            require((layout.n_columns, layout.n_label) == (n_columns, n_label), "the field must fit table and labels")
        if field is not None and field.data_bounds is not None:
            require(len(field.data_bounds[0]) == n_columns, f"bounds must be those of {n_columns} columns")


_DIFFUSION = {
    **_ENCODED,
    "_path": Of(*PATHS.values()),
    "_bound_seed": SEED,
    "_bounds": Each(Array("f8", "encoded"), 2, tuple),
    "_field": Maybe(Of(RegressorField)),
}
_PERHAPS = {"classes_": ANYTHING, "_bound_field": Of(RegressorField, BlendedField), "straightness_": CURVE}
DIFFUSION_KINDS = [
    EstimatorKind(name, _DIFFUSION, _PERHAPS, check=_check_diffusion)
    for name in ("DDPM", "ScoreSDE", "FlowMatching", "RectifiedFlow")
]


def _check_flow(model):
    _check_classes(model)
    require(model._given.encoder is model.encoder_, "given columns must be those of the encoder")
    n_labels = 0 if model._labels is None else model._labels.n_columns
    n_given = int(np.count_nonzero(model._given.is_given))
    flow = model._flow
    require((flow is None) == (model._given.n_modelled == 0), "there must be a flow where there are columns to model")
    if flow is not None:
        require(flow.n_columns == model._given.n_modelled, f"the flow must have {model._given.n_modelled} columns")
        require(flow.n_condition == n_labels + n_given, f"the flow must see {n_labels + n_given} columns")
    if hasattr(model, "_label_shares"):
        require(model._label_shares.labels is model._labels, "shares must be those of the labels")


_FLOW = {
    **_ENCODED,
    "_given": Of(GivenColumns),
    "_flow": Maybe(Of(Flow)),
    "n_iter_": Whole(0),
}
_CURVES = {"loss_curve_": CURVE, "validation_curve_": CURVE}
FLOW_KINDS = [
    EstimatorKind(
        name,
        _FLOW,
        {"classes_": ANYTHING, "_label_shares": Of(LabelShares), **_CURVES},
        training=_CURVES,
        check=_check_flow,
    )
    for name in (
        "NICE", "RealNVP", "Glow", "NeuralSplineFlow", "MaskedAutoregressiveFlow", "ContinuousNormalizingFlow",
    )
]  # fmt: skip
DETECTOR = EstimatorKind("DensityOutlierDetector", {"estimator_": ANYTHING, "offset_": Number()})

KINDS = [ENCODER, *FIELD_KINDS, *DIFFUSION_KINDS, *FLOW_KINDS, DETECTOR]
