"""ONNX with the packages that read and write it, where they are installed; without them see test_export.py."""

from importlib.util import find_spec

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from skensemble import (
    NewtonBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    export_model,
    register_onnx_converters,
)
from skensemble.tree.trees._scalar_trees import scalar_trees
from tests.exported import onnx_in_numpy
from tests.exported.models import CLASSES, FEW, NUMBERS, X, Y, fitted, response, rows_of

HAS_RUNTIME = bool(find_spec("onnx") and find_spec("onnxruntime"))

if HAS_RUNTIME:
    import onnxruntime

    READ = ("leaf-wise", "three classes", "levels in a forest", "rare levels", "linear leaves with a limit")

    @pytest.mark.parametrize("name", [*READ, "linear leaves of classes and levels", "linear leaves of two outputs"])
    def test_files_are_read_by_onnxruntime(name, tmp_path):
        model, path = fitted(name), tmp_path / "model.onnx"
        export_model(model, path, to="onnx")
        session = onnxruntime.InferenceSession(path)
        for rows in rows_of(name):
            *labels, found = session.run(None, onnx_in_numpy.feeds(scalar_trees(model), rows))
            expected = response(model, rows)
            np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-5, atol=1e-5)
            for label in labels:
                np.testing.assert_array_equal(label, model.predict(rows))


if HAS_RUNTIME and find_spec("skl2onnx"):
    import skl2onnx

    @pytest.mark.filterwarnings("ignore")
    @pytest.mark.parametrize("kind", [RandomForestClassifier, RandomForestRegressor, NewtonBoostingRegressor])
    def test_pipelines_become_onnx(kind):
        register_onnx_converters()
        linear = {"linear_leaves": True} if kind is NewtonBoostingRegressor else {}
        pipeline = make_pipeline(SimpleImputer(), kind(**FEW, **linear))
        pipeline.fit(np.clip(X, -9, 9), CLASSES if kind is RandomForestClassifier else Y)
        rows = np.clip(NUMBERS, -9, 9).astype(np.float32)
        options = {"zipmap": False} if kind is RandomForestClassifier else None
        written = skl2onnx.to_onnx(pipeline, rows[:1], options=options)
        found = onnxruntime.InferenceSession(written.SerializeToString()).run(None, {"X": rows})[-1]
        np.testing.assert_allclose(found.ravel(), response(pipeline, rows).ravel(), rtol=1e-5, atol=1e-5)


if not find_spec("onnx"):

    def test_what_is_to_be_installed_is_said(tmp_path):
        with pytest.raises(ImportError, match="pip install skensemble\\[onnx\\]"):
            export_model(fitted("forest"), tmp_path / "model.onnx", to="onnx")


if not find_spec("skl2onnx"):

    def test_converters_need_their_package():
        with pytest.raises(ImportError, match="skl2onnx"):
            register_onnx_converters()
