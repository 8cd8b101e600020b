"""Kinds of objects that learn densities: networks, flows, paths, fields and their regressors."""

from dataclasses import fields
from math import prod

import numpy as np
from sklearn.multioutput import MultiOutputRegressor

from skensemble._parameters import IsInstance, Matches
from skensemble.generative.fields._field_network import Embedding, FieldNetwork
from skensemble.generative.fields._plain_regressor import PlainRegressor
from skensemble.generative.flows._bijections import (
    TRANSFORMS,
    ActNorm,
    Autoregressive,
    Bijection,
    Coupling,
    Linear,
)
from skensemble.generative.flows._continuous_layer import FREQUENCIES, ContinuousLayer
from skensemble.generative.flows._flow_bases import BASES
from skensemble.generative.flows._flow_network import Flow
from skensemble.generative.networks._activations import ACTIVATIONS
from skensemble.generative.networks._networks import MLP
from skensemble.generative.paths._blended_field import BlendedField
from skensemble.generative.paths._field_input import FieldLayout
from skensemble.generative.paths._paths import PATHS, PREDICTIONS
from skensemble.generative.paths._vector_field import RegressorField
from skensemble.model_files._kinds import Kind, bare
from skensemble.model_files._rules import (
    ANYTHING,
    FLAG,
    PREDICTS,
    Array,
    Each,
    Either,
    Maybe,
    Number,
    Of,
    Text,
    Value,
    Whole,
)

FLOAT = "f4 f8"
SMALLEST_SCALE = float(np.finfo(np.float64).tiny)  # by which numbers are divided
FLOATS = np.float32, np.float64
DTYPE = Value(Matches(lambda value: isinstance(value, np.dtype) and value in FLOATS, "float32 or float64"))
MOST_UNITS = 1 << 24  # of a layer
MOST_STEPS = 1 << 16  # of a solver that a layer goes through for each row

# -- networks --------------------------------------------------------------------------------------------------------
# A network of a flow has no parameters of its own: they are a part of the flow's.

_SHAPE = {
    "n_inputs": Whole(0, MOST_UNITS),
    "n_outputs": Whole(0, MOST_UNITS),
    "hidden_layer_sizes": Each(Whole(1, MOST_UNITS), kind=tuple),
    "activation": Text(*ACTIVATIONS),
    "residual": FLAG,
    "layer_norm": FLAG,
    "dtype": DTYPE,
}


def _make_network(*, parameters, **shape):
    network = bare(MLP)(**shape)
    network.n_parameters = sum(prod(map(int, part)) for parts in network._shapes() for part in parts)
    network.parameters = None
    if parameters is not None:
        if parameters.shape != (network.n_parameters,) or parameters.dtype != network.dtype:
            raise ValueError(f"a network of this shape must have {network.n_parameters} parameters of {network.dtype}.")
        network.bind(parameters)
    return network


def _take_network(network, slim):
    return {name: getattr(network, name) for name in _SHAPE} | {"parameters": network.parameters}


def _take_shape(network, slim=False):
    """A network of a flow, whose parameters are those of the flow."""
    return {name: getattr(network, name) for name in _SHAPE} | {"parameters": None}


def _without_parameters(network):
    return _make_network(**_take_shape(network))


def _check_embedding(embedding):
    n_features = len(embedding.centre)
    if not (embedding.missing < n_features).all() or embedding.time >= n_features:
        raise ValueError(f"missing and time must be positions of {n_features} features.")


def _check_field_network(model):
    network, embedding = model.network, model.embedding
    if network.n_inputs != embedding.n_inputs or network.parameters is None:
        raise ValueError(f"the network must have parameters, and {embedding.n_inputs} inputs, got {network.n_inputs}.")
    if model.target_centre.shape != (network.n_outputs,):
        raise ValueError(f"targets must have {network.n_outputs} columns, as the network has outputs.")


NETWORK_KINDS = [
    Kind(
        "network",
        MLP,
        {**_SHAPE, "parameters": Maybe(Array(FLOAT, None, finite=True))},
        take=_take_network,
        make=_make_network,
    ),
    Kind(
        "embedding",
        Embedding,
        {
            "centre": Array("f8", "features", finite=True),
            "scale": Array("f8", "features", low=SMALLEST_SCALE, finite=True),
            "missing": Array("i8", None, low=0),
            "time": Whole(-1),
            "frequencies": Array("f4", None, finite=True),
        },
        check=_check_embedding,
    ),
    Kind(
        "field network",
        FieldNetwork,
        {
            "embedding": Of(Embedding),
            "network": Of(MLP),
            "target_centre": Array("f8", "outputs", finite=True),
            "target_scale": Array("f8", "outputs", low=SMALLEST_SCALE, finite=True),
        },
        check=_check_field_network,
    ),
]

# -- flows -----------------------------------------------------------------------------------------------------------

_LAYER = {"n_columns": Whole(1, MOST_UNITS), "dtype": DTYPE}
_CONDITIONED = {
    **_LAYER,
    "transform": Text(*TRANSFORMS),
    "seen": Array("i8", None, low=0),
    "moved": Array("i8", None, low=0),
    "network": Of(MLP),
}


def _layer(cls, n_parameters):
    """A maker of layers, whose number of parameters follows from their fields."""

    def make(**values):
        layer = bare(cls)(**values)
        layer.n_parameters = n_parameters(layer)
        Bijection.__setstate__(layer, {})
        return layer

    return make


def _take_layer(names):
    def take(layer, slim):
        values = {name: getattr(layer, name) for name in names}
        return values | ({"network": _without_parameters(layer.network)} if "network" in names else {})

    return take


def _check_linear(layer):
    n_columns = layer.n_columns
    if layer._permutation.shape != (n_columns, n_columns) or layer._sign.shape != (n_columns,):
        raise ValueError(f"the permutation and the signs must be those of {n_columns} columns.")
    if not (np.abs(layer._sign) == 1.0).all():
        raise ValueError("signs must be 1 and -1.")
    if not np.array_equal(layer._permutation @ layer._permutation.T, np.eye(n_columns)):
        raise ValueError("the permutation must be one.")


def _check_conditioned(layer):
    n_numbers = TRANSFORMS[layer.transform].n_numbers * len(layer.moved)
    if not ((layer.seen < layer.n_columns).all() and (layer.moved < layer.n_columns).all()):
        raise ValueError(f"seen and moved must be below {layer.n_columns}, the number of columns.")
    if layer.network.dtype != layer.dtype:
        raise ValueError(f"the network must have the precision of its layer, {layer.dtype}.")
    if layer.network.n_outputs != n_numbers or layer.network.n_inputs < len(layer.seen):
        raise ValueError(f"the network must have {n_numbers} outputs, and at least {len(layer.seen)} inputs.")


def _check_continuous(layer):
    if layer.network.n_outputs != layer.n_columns or layer.network.dtype != layer.dtype:
        raise ValueError(f"the network must have {layer.n_columns} outputs, got {layer.network.n_outputs}.")


def _make_continuous(**values):
    return _layer(ContinuousLayer, lambda layer: layer.network.n_parameters)(_stages=[], **values)


def _make_flow(*, layers, parameters, **values):
    flow = bare(Flow)(layers=layers, **values)
    n_parameters = sum(layer.n_parameters for layer in layers)
    if parameters.shape != (n_parameters,) or parameters.dtype != flow.dtype:
        raise ValueError(f"layers of these shapes must have {n_parameters} parameters of {flow.dtype}.")
    flow.parameters = parameters
    flow._share(parameters)
    return flow


def _check_flow(flow):
    for layer in flow.layers:
        if layer.n_columns != flow.n_columns or layer.dtype != flow.dtype:
            raise ValueError(f"layers must have {flow.n_columns} columns of {flow.dtype}.")
        n_condition = _condition_of(layer)
        if n_condition not in (None, flow.n_condition):
            raise ValueError(f"layers must see {flow.n_condition} columns of the condition, got {n_condition}.")


def _condition_of(layer):
    """Number of columns of the condition that a layer sees; None if it sees none."""
    if isinstance(layer, (Coupling, Autoregressive)):
        return layer.network.n_inputs - len(layer.seen)
    if isinstance(layer, ContinuousLayer):
        return layer.network.n_inputs - layer.n_columns - 1 - 2 * len(FREQUENCIES)
    return None


_LINEAR = {**_LAYER, "whitens": FLAG, "_permutation": Array(FLOAT, "columns", "columns", finite=True),
           "_sign": Array(FLOAT, "columns", low=-1.0, high=1.0)}  # fmt: skip
_CONTINUOUS = {
    **_LAYER,
    "network": Of(MLP),
    "n_steps": Whole(1, MOST_STEPS),
    "kinetic": Number(0.0),
    "probes": Array(FLOAT, None, None, finite=True),
}


def _check_probes(layer):
    _check_continuous(layer)
    if layer.probes.shape[1] != layer.n_columns:
        raise ValueError(f"probes must have {layer.n_columns} columns.")


LAYER_KINDS = [
    Kind("scales", ActNorm, _LAYER, take=_take_layer(_LAYER), make=_layer(ActNorm, lambda layer: 2 * layer.n_columns)),
    Kind(
        "linear layer",
        Linear,
        _LINEAR,
        take=_take_layer(_LINEAR),
        make=_layer(Linear, lambda layer: layer.n_columns**2),
        check=_check_linear,
    ),
    *(
        Kind(
            name,
            cls,
            _CONDITIONED,
            take=_take_layer(_CONDITIONED),
            make=_layer(cls, lambda layer: layer.network.n_parameters),
            check=_check_conditioned,
        )
        for name, cls in (("coupling", Coupling), ("autoregressive", Autoregressive))
    ),
    Kind(
        "continuous layer",
        ContinuousLayer,
        _CONTINUOUS,
        take=_take_layer(_CONTINUOUS),
        make=_make_continuous,
        check=_check_probes,
    ),
]
FLOW_KINDS = [
    *LAYER_KINDS,
    Kind(
        "flow",
        Flow,
        {
            "layers": Each(Of(*(kind.cls for kind in LAYER_KINDS))),
            "base": Text(*BASES),
            "dtype": DTYPE,
            "n_columns": Whole(1, MOST_UNITS),
            "n_condition": Whole(0, MOST_UNITS),
            "parameters": Array(FLOAT, None, finite=True),
        },
        make=_make_flow,
        check=_check_flow,
    ),
]

# -- paths and fields ------------------------------------------------------------------------------------------------


def _path_kind(cls):
    names = [field.name for field in fields(cls)]
    return Kind(f"{cls.name} path", cls, dict.fromkeys(names, Number(0.0)), check=_check_path)


def _check_path(path):
    if not 0.0 <= path.t_min < path.t_max <= 1.0:
        raise ValueError(f"times must go from t_min to t_max in [0, 1], got {path.t_min} and {path.t_max}.")


PATH_KINDS = [_path_kind(cls) for cls in PATHS.values()]


def _check_bounds(field):
    bounds = field.data_bounds
    if bounds is not None and not all(isinstance(each, np.ndarray) and each.ndim == 1 for each in bounds):
        raise ValueError("data_bounds must be two arrays.")


def _check_layout(layout):
    if layout.n_known not in (0, layout.n_columns):
        raise ValueError(f"n_known must be 0 or {layout.n_columns}, got {layout.n_known}.")


FIELD_KINDS = [
    Kind(
        "field layout",
        FieldLayout,
        {"n_columns": Whole(1, MOST_UNITS), "n_known": Whole(0), "n_label": Whole(0, MOST_UNITS)},
        check=_check_layout,
    ),
    Kind(
        "field",
        RegressorField,
        {
            "regressor": Either(PREDICTS, Of(PlainRegressor)),
            "path": Of(*PATHS.values()),
            "prediction": Text(*PREDICTIONS),
            "data_bounds": Maybe(Each(Array("f8", "columns"), 2, tuple)),
        },
        check=_check_bounds,
    ),
    Kind(
        "blended field",
        BlendedField,
        {
            "field": Of(RegressorField),
            "log_snr": Array("f8", "knots"),
            "share": Array("f8", "knots", None, low=0.0, high=1.0),
        },
    ),
    Kind(
        "plain regressor",
        PlainRegressor,
        {
            "regressor": ANYTHING,
            "regressor_": Either(PREDICTS, Of(MultiOutputRegressor)),
            "_takes_missing": ANYTHING,
            "_condition": Value(IsInstance(slice, "a slice")),
        },
        make=bare(PlainRegressor),
    ),
    Kind(
        "regressor for each column",
        MultiOutputRegressor,
        {"estimator": ANYTHING, "n_jobs": ANYTHING, "estimators_": Each(PREDICTS), "n_features_in_": Whole(1)},
        make=bare(MultiOutputRegressor),
    ),
]

KINDS = [*NETWORK_KINDS, *FLOW_KINDS, *PATH_KINDS, *FIELD_KINDS]
