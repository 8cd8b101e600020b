"""The file of a model of ONNX from a sum of trees."""

from itertools import count

from skensemble.exported._onnx_steps import ML, Steps, add_model, is_text, labels_of

OPSETS = {"": 17, ML: 3}  # old enough for the servers of some years ago
IR_VERSION = 8


def onnx_model(parts):
    """The bytes of the file; a ValueError names what ONNX cannot hold.

    parts : ScalarTrees
    """
    try:
        import onnx
    except ImportError:
        raise ImportError("to='onnx' needs the package onnx: pip install skensemble[onnx].") from None
    helper, kinds = onnx.helper, onnx.TensorProto
    numbers = count()
    steps = Steps(lambda word: f"{word}_{next(numbers)}")
    inputs = _inputs(parts)
    outputs = ["variable"] if parts.classes is None else ["label", "probabilities"]
    add_model(steps, parts, list(inputs), outputs)
    labels = labels_of(parts)
    kind_of_label = kinds.STRING if labels is not None and labels.dtype == object else kinds.INT64
    width = parts.n_outputs if parts.classes is None else len(parts.classes)
    shapes = {"variable": (kinds.FLOAT, [None, width]), "probabilities": (kinds.FLOAT, [None, width])}
    shapes["label"] = kind_of_label, [None]
    graph = helper.make_graph(
        [
            helper.make_node(step.operator, step.inputs, [step.output], domain=step.domain, **step.attributes)
            for step in steps.steps
        ],
        "skensemble",
        [
            helper.make_tensor_value_info(name, kinds.STRING if of_text else kinds.FLOAT, [None, width])
            for name, (of_text, width) in inputs.items()
        ],
        [helper.make_tensor_value_info(name, *shapes[name]) for name in outputs],
        [_tensor(onnx, array, name) for name, array in steps.constants.items()],
    )
    versions = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(graph, opset_imports=versions, ir_version=IR_VERSION, producer_name="skensemble")
    return model.SerializeToString()


def _tensor(onnx, array, name):
    return onnx.numpy_helper.from_array(array.astype(object) if array.dtype.kind == "U" else array, name)


def _inputs(parts):
    """{name: (whether it is text, number of columns)}: one tensor, or one for each column where some are text."""
    if not any(map(is_text, parts.levels)):
        return {"X": (False, parts.n_features)}
    names = parts.column_names("x{}")
    return {name: (is_text(levels), 1) for name, levels in zip(names, parts.levels)}
