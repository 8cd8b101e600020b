"""A user's script passes type checkers: public names, their arguments, and what they are said to return."""

import inspect
import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

import skensemble
from skensemble._front_door import received_names
from skensemble._parameters import Parameter
from tests.conftest import ROOT
from tests.signatures import TYPES, annotation

SCRIPT = ROOT / "tests" / "a_users_script.py"


@pytest.mark.slow
def test_mypy_finds_nothing_in_a_users_script(tmp_path):
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), str(SCRIPT)]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
def test_pyright_finds_nothing_in_a_users_script():
    if find_spec("pyright") is None:
        return  # it brings an interpreter of JavaScript of its own, which not every machine can run
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", str(SCRIPT)]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert json.loads(checked.stdout)["generalDiagnostics"] == []


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ('int or "auto"', 'int | Literal["auto"]'),
        ('int, None or "auto"', 'int | Literal["auto"] | None'),
        ('{"gain", "cover"}', 'Literal["gain", "cover"]'),
        (
            'dict, list of dict, "balanced" or None',
            'dict[Any, Any] | list[dict[Any, Any]] | Literal["balanced"] | None',
        ),
        ("array-like of names or positions, or a mask", TYPES["array-like of names or positions, or a mask"]),
    ],
)
def test_types_of_parameters_come_from_their_kinds(kind, type_):
    assert annotation(Parameter(None, (), kind, "")) == type_


def _public_methods():
    """Functions and documented methods under their names."""
    for name in [*skensemble.__all__, *received_names("skensemble")]:
        public = getattr(skensemble, name)
        if inspect.isfunction(public):
            yield name, public
        elif inspect.isclass(public):
            members = {key: value for each in public.__mro__[::-1] for key, value in vars(each).items()}
            for key, value in members.items():
                if key.startswith("_") or not inspect.isfunction(value) or not value.__doc__:
                    continue
                if value.__module__.startswith("skensemble."):
                    yield f"{name}.{key}", value


def test_public_functions_and_methods_have_types():
    """Of their arguments and of what they return; those of scikit-learn aside."""
    missing = {}
    for name, function in _public_methods():
        parameters = inspect.signature(function).parameters.values()
        untyped = [each.name for each in parameters if each.annotation is each.empty and each.name != "self"]
        if inspect.signature(function).return_annotation is inspect.Signature.empty:
            untyped.append("return")
        if untyped:
            missing[name] = untyped
    assert missing == {}


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "skensemble" / "py.typed").is_file()
