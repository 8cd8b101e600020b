"""Kinds of objects that tables are encoded by: containers, formats of columns, axes, codes of categories, labels."""

import datetime
from numbers import Real

import numpy as np
import pandas as pd

from skensemble._feature_positions import Position
from skensemble._levels import LevelMatcher
from skensemble._parameters import IsInstance, Matches
from skensemble._targets import FeatureNames
from skensemble.generative.flows._label_shares import LabelShares
from skensemble.generative.tables._category_axis import CategoryAxis
from skensemble.generative.tables._category_digits import CategoryDigits
from skensemble.generative.tables._column_formats import CategoryFormat, DecimalFormat, FloatFormat, IntegerFormat
from skensemble.generative.tables._containers import ArrayContainer, ArrowContainer, PandasContainer, PolarsContainer
from skensemble.generative.tables._encoded_columns import AffineCopy, EncodedCategories, EncodedNumbers, RelabelledCopy
from skensemble.generative.tables._exact_integers import ExactIntegers
from skensemble.generative.tables._given_columns import GivenColumns
from skensemble.generative.tables._label_encoding import (
    CLASSES,
    NUMBERS,
    LabelEncoding,
    distribution,
    thinned,
)
from skensemble.generative.tables._number_axis import MonotoneSpline, NumberAxis, NumberLevels, spline_slopes
from skensemble.generative.tables._tabular import TableEncoder
from skensemble.generative.tables._time_formats import TIME_OBJECTS, TimeFormat, TimeObjectFormat
from skensemble.model_files._frame_types import (
    read_arrow_schema,
    read_polars_schema,
    write_arrow_schema,
    write_polars_schema,
)
from skensemble.model_files._kinds import Kind, bare
from skensemble.model_files._rules import ANYTHING, FLAG, Array, Each, Maybe, Number, Of, Size, Text, Value, Whole
from skensemble.model_files._time_zones import read_zone, write_zone

# -- containers ------------------------------------------------------------------------------------------------------


def _schema_kind(name, cls, write, read):
    def make(*, schema):
        return bare(cls)(schema=read(schema))

    return Kind(name, cls, {"schema": Each(ANYTHING)}, take=lambda c, slim: {"schema": write(c.schema, "X")}, make=make)


DTYPE = Value(IsInstance((np.dtype, pd.api.extensions.ExtensionDtype), "a dtype"))
CONTAINER_KINDS = [
    Kind("array", ArrayContainer, {"dtype": Value(IsInstance(np.dtype, "a dtype"))}, make=bare(ArrayContainer)),
    Kind(
        "pandas frame",
        PandasContainer,
        {"columns": Value(IsInstance(pd.Index, "an index"))},
        make=bare(PandasContainer),
    ),
    _schema_kind("arrow table", ArrowContainer, write_arrow_schema, read_arrow_schema),
    _schema_kind("polars frame", PolarsContainer, write_polars_schema, read_polars_schema),
]
CONTAINERS = tuple(kind.cls for kind in CONTAINER_KINDS)

# -- formats of columns ----------------------------------------------------------------------------------------------

_NAMED = {"dtype": DTYPE, "name": Text()}
_FLOATS = {**_NAMED, "holds_ints": FLAG, "decimals": Maybe(Whole(0, 20)), "multiple": Whole(1)}
_EXACT = {"exact": Maybe(Of(ExactIntegers))}
_FLOATS |= {"computed": Maybe(Array("f8", 2, None, finite=True)), "is_single": FLAG, "phase": Whole(0), **_EXACT}
_FLOATS |= {"_marker": ANYTHING}
_PERHAPS_OF_FLOATS = ("computed", "is_single", "phase", "exact", "_marker")
_LIMITS = {"limits": Each(Number(), 2, tuple)}
_TIMES = {
    **_NAMED,
    "unit": Text("s", "ms", "us", "ns"),
    "time_zone": Maybe(Value(IsInstance(datetime.tzinfo, "a time zone"))),
    "is_local": FLAG,
    "step": Whole(1),
    "origin": Value(IsInstance((int, np.int64), "a whole number")),
    "multiple": Whole(1),
    **_EXACT,
}


def _take_times(fields):
    def take(column_format, slim):
        values = {name: getattr(column_format, name) for name in fields}
        return values | {"time_zone": write_zone(column_format.time_zone, column_format.name)}

    return take


def _make_times(cls):
    def make(*, time_zone, **values):
        return bare(cls)(time_zone=read_zone(time_zone), **values)

    return make


_STORED_TIMES = _TIMES | {"time_zone": Maybe(Text())}
_TIME_OBJECTS = {
    **_STORED_TIMES,
    "kind": Text(*TIME_OBJECTS),
    "given_dtype": DTYPE,
    "first": ANYTHING,
    "_marker": ANYTHING,
}
_CATEGORIES = {
    **_NAMED,
    "is_ordered": FLAG,
    "values": Value(IsInstance((pd.Index, np.ndarray), "an index or an array")),
    "levels": Each(ANYTHING),
    "has_missing": FLAG,
    "_marker": ANYTHING,
}


def _make_categories(**values):
    made = bare(CategoryFormat)(**values)
    made._matcher = LevelMatcher(np.asarray(made.values, object).tolist())
    return made


def _check_categories(column_format):
    n_values = len(column_format.values)
    if len(column_format.levels) != n_values + column_format.has_missing or not column_format.levels:
        raise ValueError(f"levels must be the {n_values} values, and one for missing cells if there are some.")


def _check_exact_integers(exact):
    if not len(exact.floats) or not (np.diff(exact.floats) > 0).all():
        raise ValueError("floats must be some, and ascend.")


FORMAT_KINDS = [
    Kind(
        "exact integers",
        ExactIntegers,
        {"floats": Array("f8", "n", finite=True), "integers": Array("i8 u8", "n")},
        check=_check_exact_integers,
    ),
    Kind("floats", FloatFormat, _FLOATS, optional=_PERHAPS_OF_FLOATS, make=bare(FloatFormat)),
    Kind(
        "decimals",
        DecimalFormat,
        {**_FLOATS, "places": Whole(0, 1000)},
        optional=_PERHAPS_OF_FLOATS,
        make=bare(DecimalFormat),
    ),
    Kind(
        "integers",
        IntegerFormat,
        {
            **_NAMED,
            "storage": Value(IsInstance(np.dtype, "a dtype")),
            "origin": Value(IsInstance((np.int64, np.uint64), "a whole number")),
            "multiple": Whole(1),
            "phase": Whole(0),
            **_LIMITS,
            **_EXACT,
        },
        optional=("phase", "exact"),
        make=bare(IntegerFormat),
    ),
    Kind(
        "times",
        TimeFormat,
        _STORED_TIMES,
        optional=("exact",),
        take=_take_times(_STORED_TIMES),
        make=_make_times(TimeFormat),
    ),
    Kind(
        "time objects",
        TimeObjectFormat,
        _TIME_OBJECTS,
        optional=("exact",),
        take=_take_times(_TIME_OBJECTS),
        make=_make_times(TimeObjectFormat),
    ),
    Kind("categories", CategoryFormat, _CATEGORIES, make=_make_categories, check=_check_categories),
]
NUMBER_FORMATS = (FloatFormat, DecimalFormat, IntegerFormat, TimeFormat, TimeObjectFormat)

NUMBER_OR_INFINITY = Value(Matches(lambda value: isinstance(value, Real) and value == value, "a number or infinity"))

# -- axes and codes --------------------------------------------------------------------------------------------------


def _check_spline(spline):
    if len(spline.x) < 2 or not (np.diff(spline.x) > 0).all() or not (np.diff(spline.y) > 0).all():
        raise ValueError("knots of a spline must ascend, and there must be two.")
    chords, slopes = spline_slopes(spline.x, spline.y)
    if not np.array_equal(spline.chords, chords) or not np.array_equal(spline.slopes, slopes) or not chords.min() > 0:
        raise ValueError("slopes of a spline must be those between its knots, above 0.")


def _check_axis(axis):
    n_atoms = len(axis.atoms)
    if axis.shifts.shape != (n_atoms + 1,):
        raise ValueError(f"shifts must have {n_atoms + 1} numbers.")


def _check_order(axis):
    if not np.array_equal(np.sort(axis.order), np.arange(axis.n_levels)):
        raise ValueError(f"order must hold each of {axis.n_levels} levels once.")
    if not np.array_equal(axis._place, np.argsort(axis.order)):
        raise ValueError("the places of levels must follow from their order.")
    if len(axis.borders) != axis.n_levels - 1 or len(axis._below) != axis.n_levels - 1:
        raise ValueError(f"there must be {axis.n_levels - 1} borders between {axis.n_levels} levels.")


def _check_digits(digits):
    n_nodes = digits.n_levels - 1
    if len(digits.children) != n_nodes or digits.n_columns != n_nodes.bit_length():
        raise ValueError(f"{digits.n_levels} levels must have {n_nodes} nodes and {n_nodes.bit_length()} digits.")
    children, nodes_below = np.sort(digits.children.ravel()), np.arange(1, n_nodes)
    levels = np.arange(-digits.n_levels, 0) if n_nodes else []  # a single level needs no node
    if not np.array_equal(children, [*levels, *nodes_below]):
        raise ValueError("each level, and each node but the first, must be the child of one node.")
    parents = np.repeat(np.arange(n_nodes), 2)
    is_node = digits.children.ravel() >= 0
    below = digits.children.ravel()[is_node]
    if not (below > parents[is_node]).all() or not (digits.depths[below] > digits.depths[parents[is_node]]).all():
        raise ValueError("children must come after their node, and lie deeper.")
    if len(digits.depths) and digits.depths.max() >= digits.n_columns:
        raise ValueError(f"depths must be below {digits.n_columns}.")


def _check_levels(levels):
    if levels.axis.n_levels != len(levels.values) or not (np.diff(levels.values) > 0).all():
        raise ValueError("values must ascend, and each must have a level.")


AXIS_KINDS = [
    Kind(
        "spline",
        MonotoneSpline,
        {
            "x": Array("f8", "knots", finite=True),
            "y": Array("f8", "knots", finite=True),
            "chords": Array("f8", None, finite=True),
            "slopes": Array("f8", "knots", finite=True),
        },
        make=bare(MonotoneSpline),
        check=_check_spline,
    ),
    Kind(
        "number axis",
        NumberAxis,
        {
            "decimals": Maybe(Whole(0, 20)),
            "bounds": Each(NUMBER_OR_INFINITY, 2, tuple),
            "multiple": Whole(1),
            "phase": Whole(0),
            "step": Number(0.0),
            "has_only_atoms": FLAG,
            "atoms": Array("f8", "atoms", finite=True),
            "atom_shares": Array("f8", "atoms", finite=True),
            "atom_widths": Array("f8", "atoms", finite=True),
            "shifts": Array("f8", None, finite=True),
            "atom_ends": Array("f8", "atoms", 2, finite=True),
            "offset": Number(),
            "scale": Number(0.0),
            "is_fine": FLAG,
            "reflects": Array("bool", 2),
            "spline": Maybe(Of(MonotoneSpline)),
            "calibration": Maybe(Of(MonotoneSpline)),
            "n_rows": Number(0.0),
            "knots": Each(Array("f8", "calibration knots", finite=True), 2, tuple),
        },
        optional=("phase",),
        make=bare(NumberAxis),
        check=_check_axis,
    ),
    Kind(
        "category digits",
        CategoryDigits,
        {
            "n_levels": Size("levels", 1),
            "n_columns": Whole(0),
            "children": Array("i8", "nodes", 2),
            "depths": Array("i8", "nodes", low=0),
            "shares": Array("f8", "nodes", 2, low=0.0),
            "borders": Array("f8", "nodes", finite=True),
        },
        make=bare(CategoryDigits),
        check=_check_digits,
    ),
    Kind(
        "category axis",
        CategoryAxis,
        {
            "n_levels": Size("levels", 1),
            "order": Array("i8", "levels", low=0),
            "borders": Array("f8", None, finite=True),
            "_below": Array("f8", None, low=0.0, high=1.0),
            "_place": Array("i8", "levels", low=0),
        },
        make=bare(CategoryAxis),
        check=_check_order,
    ),
    Kind(
        "number levels",
        NumberLevels,
        {"values": Array("f8", None, finite=True), "step": Number(0.0), "axis": Of(CategoryAxis, CategoryDigits)},
        make=bare(NumberLevels),
        check=_check_levels,
    ),
]


def _check_column(column):
    n_levels = len(column.format.levels)
    for codes in (column.codes, column.calibrated_codes):
        if codes.n_levels != n_levels or codes.n_columns != column.n_columns:
            raise ValueError(f"codes must be those of {n_levels} levels in {column.n_columns} columns.")


def _check_numbers(column):
    for axis, indicator in (
        (column.axis, column.indicator),
        (column.calibrated_axis, column.calibrated_indicator),
    ):
        if column.n_columns != (axis is not None) + (indicator is not None):
            raise ValueError(f"n_columns must be those of axis and indicator, got {column.n_columns}.")
        if indicator is not None and indicator.n_levels != 2:
            raise ValueError(f"an indicator must have two levels, got {indicator.n_levels}.")


COLUMN_KINDS = [
    Kind(
        "encoded numbers",
        EncodedNumbers,
        {
            "format": Of(*NUMBER_FORMATS),
            "value": Number(),
            "axis": Maybe(Of(NumberAxis, NumberLevels)),
            "calibrated_axis": Maybe(Of(NumberAxis, NumberLevels)),
            "indicator": Maybe(Of(CategoryDigits)),
            "calibrated_indicator": Maybe(Of(CategoryDigits)),
            "log_unseen": Number(),
            "n_columns": Whole(0, 2),
        },
        make=bare(EncodedNumbers),
        check=_check_numbers,
    ),
    Kind(
        "encoded categories",
        EncodedCategories,
        {
            "format": Of(CategoryFormat),
            "codes": Of(CategoryDigits, CategoryAxis),
            "calibrated_codes": Of(CategoryDigits, CategoryAxis),
            "likeliest": Whole(0),
            "log_likeliest": Number(),
            "log_unseen": Number(),
            "n_columns": Whole(0),
        },
        make=bare(EncodedCategories),
        check=_check_column,
    ),
    Kind("affine copy", AffineCopy, {"column": Of(EncodedNumbers), "intercept": Number(), "slope": Number()}),
    Kind(
        "relabelled copy",
        RelabelledCopy,
        {
            "column": Of(EncodedCategories),
            "level_of_source": Array("i8", None, low=0),
            "source_of_level": Array("i8", None, low=0),
        },
        make=bare(RelabelledCopy),
    ),
]

# -- given columns and labels ----------------------------------------------------------------------------------------


def _take_given(given, slim):
    fields = {name: getattr(given, name) for name in ("names", "n_features", "encoder", "is_given")}
    return fields | {name: list(map(int, getattr(given, name))) for name in ("positions", "determined")}


def _make_given(*, positions, **values):
    return bare(GivenColumns)(positions=[Position(j) for j in positions], **values)


def _check_given(given):
    if len(given.is_given) != given.encoder.n_encoded_:
        raise ValueError(f"is_given must say it of {given.encoder.n_encoded_} encoded columns.")
    is_given = np.zeros(len(given.is_given), bool)
    for j in given.positions:
        is_given[given.encoder.encoded_columns_of(j)] = True
    if not np.array_equal(is_given, given.is_given):
        raise ValueError("is_given must be true for the encoded columns of positions, and only there.")
    if not all(0 <= j < given.n_features for j in (*given.positions, *given.determined)):
        raise ValueError(f"positions must be those of {given.n_features} columns.")


def _check_labels(labels):
    name = "classes_" if labels.kind == CLASSES else "_values"
    drawn, shares = getattr(labels, name, None), getattr(labels, "_shares", np.empty(0))
    if not (isinstance(drawn, np.ndarray) and drawn.shape == shares.shape and shares.any()):
        raise ValueError(f"there must be a share for each of {name}.")
    if labels.kind == CLASSES and len(set(labels.classes_.tolist())) < len(labels.classes_):
        raise ValueError("classes_ must be distinct.")


def _take_labels(labels, slim):
    return {name: getattr(labels, name) for name in _LABEL_FIELDS if hasattr(labels, name)}


def _make_labels(*, _y=None, _weight=None, **values):
    """LabelEncoding; files of earlier versions have all labels of the training rows, and their weights."""
    if _y is not None and values["kind"] == NUMBERS:
        values["_values"], values["_shares"] = thinned(*distribution(np.asarray(_y, np.float64), _weight))
    return bare(LabelEncoding)(**values)


_LABEL_FIELDS = {
    "kind": Text(CLASSES, NUMBERS),
    "classes_": ANYTHING,
    "_pandas_dtype": ANYTHING,
    "_values": Array("f8", "values", finite=True),
    "_shares": Array("f8", None, low=0.0),
    "_mean": Number(),
    "_scale": Number(0.0),
}
_EARLIER_LABEL_FIELDS = {"_y": ANYTHING, "_weight": Array("f8", "rows", low=0.0)}
LABEL_KINDS = [
    Kind(
        "feature names",
        FeatureNames,
        {"n_features": Whole(1), "labels": Maybe(Each(ANYTHING))},
    ),
    Kind(
        "given columns",
        GivenColumns,
        {
            "names": Of(FeatureNames),
            "positions": Each(Whole(0)),
            "n_features": Whole(1),
            "encoder": Of(TableEncoder),
            "is_given": Array("bool", None),
            "determined": Each(Whole(0)),
        },
        take=_take_given,
        make=_make_given,
        check=_check_given,
    ),
    Kind(
        "labels",
        LabelEncoding,
        _LABEL_FIELDS | _EARLIER_LABEL_FIELDS,
        optional=("_values", "_shares", "_mean", "_scale", *_EARLIER_LABEL_FIELDS),
        take=_take_labels,
        make=_make_labels,
        check=_check_labels,
    ),
    Kind(
        "label shares",
        LabelShares,
        {"labels": Of(LabelEncoding), "_classifier": ANYTHING},
        make=bare(LabelShares),
    ),
]

KINDS = [*CONTAINER_KINDS, *FORMAT_KINDS, *AXIS_KINDS, *COLUMN_KINDS, *LABEL_KINDS]
