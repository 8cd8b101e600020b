"""Converters of our estimators for skl2onnx, so that Pipelines with them become ONNX."""

import numpy as np

from skensemble._optional_packages import needed_by
from skensemble.ensemble.adaboost._adaboost import AdaBoostClassifier
from skensemble.ensemble.forest._random_forest import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from skensemble.ensemble.gradient._gradient_boosting import GradientBoostingClassifier, GradientBoostingRegressor
from skensemble.ensemble.newton._newton_boosting import NewtonBoostingClassifier, NewtonBoostingRegressor
from skensemble.exported._onnx_steps import DOUBLE, FLOAT, INT64, ML, STRING, Steps, add_model
from skensemble.exported._onnx_writer import OPSETS
from skensemble.tree.estimators._decision_tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)
from skensemble.tree.trees._scalar_trees import scalar_trees

CLASSIFIERS = (
    AdaBoostClassifier, DecisionTreeClassifier, ExtraTreeClassifier, ExtraTreesClassifier, GradientBoostingClassifier,
    NewtonBoostingClassifier, RandomForestClassifier,
)  # fmt: skip
REGRESSORS = (
    DecisionTreeRegressor, ExtraTreeRegressor, ExtraTreesRegressor, GradientBoostingRegressor, NewtonBoostingRegressor,
    RandomForestRegressor,
)  # fmt: skip


def register_onnx_converters() -> None:
    """Tell the package skl2onnx how estimators of skensemble become ONNX.

    After one call, `skl2onnx.to_onnx` converts Pipelines, column transformers and searches with our trees, forests and
    boosters inside. Of a model that stands alone, `export_model(model, path, to="onnx")` writes a file itself.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.

    Notes
    -----
    Classifiers have the options `zipmap` and `nocl` of skl2onnx. Columns of text must be numbers before they reach our
    estimators in a Pipeline.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skensemble import RandomForestClassifier, register_onnx_converters
    >>> X, y = load_iris(return_X_y=True)
    >>> pipeline = make_pipeline(StandardScaler(), RandomForestClassifier(20, random_state=0)).fit(X, y)
    >>> register_onnx_converters()  # doctest: +SKIP
    >>> from skl2onnx import to_onnx  # doctest: +SKIP
    >>> model = to_onnx(pipeline, X[:1].astype("float32"))  # doctest: +SKIP
    """
    with needed_by("register_onnx_converters", "skl2onnx", "export"):
        import skl2onnx
        from skl2onnx.common import shape_calculator

    for classes, shapes, options in (
        (CLASSIFIERS, shape_calculator.calculate_linear_classifier_output_shapes, _OPTIONS),
        (REGRESSORS, shape_calculator.calculate_linear_regressor_output_shapes, None),
    ):
        for kind in classes:
            alias = f"Skensemble{kind.__name__}"
            skl2onnx.update_registered_converter(kind, alias, shapes, _convert, options=options)


_OPTIONS = {"zipmap": [True, False, "columns"], "nocl": [True, False], "output_class_labels": [False, True]}


def _convert(scope, operator, container):
    """Add the operators of a fitted estimator to what skl2onnx writes."""
    parts = scalar_trees(operator.raw_operator)
    steps = Steps(scope.get_unique_variable_name)
    inputs = [_as_float32(steps, variable) for variable in operator.inputs]
    add_model(steps, parts, inputs, [variable.full_name for variable in operator.outputs])
    for name, array in steps.constants.items():
        kind = STRING if array.dtype == object else DOUBLE if array.dtype == np.float64 else INT64
        cells = [cell.encode() for cell in array.tolist()] if array.dtype == object else array.tolist()
        container.add_initializer(name, kind, list(array.shape), cells)
    for step in steps.steps:
        container.add_node(
            step.operator, step.inputs, [step.output], op_domain=step.domain, op_version=_version(step),
            name=scope.get_unique_operator_name(step.operator), **step.attributes,
        )  # fmt: skip


def _version(step):
    """The version of an operator: what its attributes are those of."""
    if step.domain == ML:
        return 2 if step.operator == "LabelEncoder" else OPSETS[ML]
    return _VERSIONS[step.operator]


_VERSIONS = {
    "Add": 14, "ArgMax": 13, "Cast": 13, "Concat": 13, "Div": 14, "Equal": 13, "Exp": 13, "Gather": 13,
    "GatherElements": 13, "Identity": 13, "IsNaN": 13, "MatMul": 13, "Max": 13, "Min": 13, "Mul": 14, "Neg": 13,
    "ReduceSum": 13, "Reshape": 14, "Sigmoid": 13, "Softmax": 13, "Sub": 14, "Where": 9,
}  # fmt: skip


def _as_float32(steps, variable):
    kind = type(variable.type).__name__
    is_ready = kind in ("FloatTensorType", "StringTensorType")
    return variable.full_name if is_ready else steps.add("Cast", variable.full_name, to=FLOAT)
