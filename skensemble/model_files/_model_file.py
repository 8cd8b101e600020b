"""save_model and load_model: a model of the package as a file that anyone can read, and back."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import TYPE_CHECKING

import numpy as np

from skensemble._parameters import IsBool, check_parameter
from skensemble.model_files._kind_tables import KindTable, kind_of
from skensemble.model_files._kinds import EstimatorKind
from skensemble.model_files._safetensors import ALIGNMENT, FileError, read_json, read_safetensors, write_safetensors
from skensemble.model_files._stored_values import ValueReader, ValueWriter

if TYPE_CHECKING:
    from skensemble._types import Any, BaseEstimator

FORMAT = "skensemble model"
VERSION = 1  # of the format; a version of the package reads files of all versions up to its own
TEXTS = ("format", "format_version", "kind", "params")  # that every file has


def save_model(model: BaseEstimator, path_or_file: Any, *, slim: bool = False) -> None:
    """Save a model to a file that holds data only: JSON and arrays, in the safetensors format.

    The file holds the parameters and all that was fitted, also of the parts of a model: the encoder, the regressor or
    the labels of a generative one. `load_model` makes the same model of it: its predictions, samples, densities and
    explanations are equal bit for bit. Unlike a pickle, the file runs no code when it is loaded, and other languages
    can read its arrays. Attributes that you have set yourself are not stored.

    Parameters
    ----------
    model : estimator of skensemble
        Fitted, or not fitted yet.
    path_or_file : str, path or binary file
        Where to. A file that is there is overwritten.
    slim : bool, default=False
        Whether to leave out what predictions do not need: thresholds of bins, scores of rounds, gains and impurities of
        nodes. A slim model predicts and explains the same, but cannot be drawn, has no feature importances, and cannot
        go on with `warm_start`.

    Raises
    ------
    TypeError
        If the model is no estimator of skensemble, or holds what no file can: a function, or an estimator of another
        package. The message names the parameter.

    Examples
    --------
    >>> import io
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import RandomForestClassifier, load_model, save_model
    >>> X, y = load_iris(return_X_y=True)
    >>> model = RandomForestClassifier(20, random_state=0).fit(X, y)
    >>> file = io.BytesIO()  # or a path
    >>> save_model(model, file)
    >>> file.seek(0)
    0
    >>> bool((load_model(file).predict(X) == model.predict(X)).all())
    True
    """
    check_parameter("slim", slim, (IsBool,))
    parts = _file_of(model, bool(slim))
    if hasattr(path_or_file, "write"):
        for part in parts:
            path_or_file.write(part)
        return
    path = _path(path_or_file)
    with open(path, "wb") as file:
        file.writelines(parts)


def load_model(path_or_file: Any) -> Any:
    """Load a model that `save_model` saved.

    The file may come from anywhere: sizes, types, ranges and a checksum are checked before the model is made, and
    nothing in it is code.

    Parameters
    ----------
    path_or_file : str, path or binary file
        Where from.

    Returns
    -------
    model : estimator of skensemble
        The same as the one that was saved.

    Raises
    ------
    ValueError
        If it is no such file, if it has been damaged, or if a later version of skensemble wrote it; the message says
        which part is wrong.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import RandomForestClassifier, load_model, save_model
    >>> X, y = load_iris(return_X_y=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(RandomForestClassifier(20, random_state=0).fit(X, y), f"{folder}/iris.model")
    ...     model = load_model(f"{folder}/iris.model")
    >>> model.n_estimators
    20
    """
    name = getattr(path_or_file, "name", "the file") if hasattr(path_or_file, "read") else _path(path_or_file)
    try:
        arrays, texts = read_safetensors(_content(path_or_file))
        return _model_of(arrays, texts)
    except FileError as error:
        raise ValueError(f"{name} cannot be loaded as a model: {error}") from None


def _path(path):
    if isinstance(path, (bytes, bytearray, memoryview)):  # not a path in bytes: those of a file, much more likely
        raise TypeError("path_or_file must be a path or a binary file, got bytes: wrap them in io.BytesIO.")
    try:
        return os.fspath(path)
    except TypeError:
        raise TypeError(f"path_or_file must be a path or a binary file, got {path!r}.") from None


def _content(path_or_file):
    """(n_bytes,) uint8, aligned, and not shared with anybody."""
    if hasattr(path_or_file, "read"):
        content = "" if isinstance(path_or_file, io.TextIOBase) else path_or_file.read()
        if not isinstance(content, (bytes, bytearray, memoryview)):
            raise TypeError("path_or_file must be a file that was opened in binary mode ('rb').")
        aligned = _aligned(len(content))
        aligned[:] = np.frombuffer(content, np.uint8)
        return aligned
    with open(path_or_file, "rb") as file:
        aligned = _aligned(os.fstat(file.fileno()).st_size)
        n_bytes = file.readinto(memoryview(aligned))
    return aligned[:n_bytes]


def _aligned(n_bytes):
    """An array that begins at a multiple of ALIGNMENT bytes."""
    spare = np.empty(n_bytes + ALIGNMENT, np.uint8)
    start = -spare.__array_interface__["data"][0] % ALIGNMENT
    return spare[start : start + n_bytes]


def _file_of(model, slim):
    """The file as a list of objects with bytes."""
    kind = kind_of(model, slim)
    if not isinstance(kind, EstimatorKind):
        raise TypeError(f"model must be an estimator of skensemble, got {type(model).__name__}{_advice(model)}.")
    writer = ValueWriter(lambda value: kind_of(value, slim), slim)
    entry = kind.written(model, writer, "")
    texts = {
        "format": FORMAT,
        "format_version": str(VERSION),
        "skensemble": sys.modules["skensemble"].__version__,
        "kind": kind.name,
        **{name: json.dumps(value, ensure_ascii=False, separators=(",", ":")) for name, value in entry.items()},
    }
    return write_safetensors(writer.arrays, texts)


def _advice(model):
    """What to do with an estimator of another package that may have one of ours inside."""
    for attribute, inside in (("best_estimator_", "search.best_estimator_"), ("steps", "pipeline[-1]")):
        if hasattr(model, attribute):
            return f": save {inside} if that is one, or pickle the whole"
    return ""


def _model_of(arrays, texts):
    for name in TEXTS:
        if name not in texts:
            raise FileError(f"it is no model of skensemble: it has no {name!r}.")
    if texts["format"] != FORMAT:
        raise FileError(f"its format must be {FORMAT!r}, got {texts['format']!r}.")
    version = texts["format_version"]
    if not (version.isascii() and version.isdigit() and len(version) < 10 and int(version) >= 1):
        raise FileError(f"format_version must be a number >= 1, got {version!r}.")
    if int(version) > VERSION:
        raise FileError(
            f"it has format {version}, which skensemble {texts.get('skensemble', '')} wrote, and this version reads "
            f"formats up to {VERSION}: install a later version of skensemble."
        )
    kinds = KindTable()
    kind = kinds.get(texts["kind"])
    if not isinstance(kind, EstimatorKind):
        raise FileError(f"it holds a model of a kind that this version does not know: {texts['kind']!r}.")
    entry = {"object": kind.name}
    for name in ("params", "fitted", "slim"):
        if name in texts:
            entry[name] = read_json(texts[name], name)
    try:
        return ValueReader(kinds, arrays).read(entry, "")
    except RecursionError:
        raise FileError("its values are nested too deeply.") from None
    except MemoryError:
        raise FileError("it asks for more memory than there is.") from None
