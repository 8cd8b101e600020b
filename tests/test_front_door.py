"""`import skensemble` is light, its names are lazy and listed once, and `python -m skensemble` answers."""

import inspect
import re
import subprocess
import sys
from importlib import import_module

import pytest
from sklearn.base import BaseEstimator

import skensemble
import skensemble.generative
from skensemble import _types, _warmup
from skensemble.__main__ import main
from skensemble._front_door import ESTIMATORS, OTHERS, RECEIVED, estimators, received_names
from tests import front_door_files
from tests.conftest import ROOT

DOORS = [skensemble, skensemble.generative]
every_door = pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)


def _python(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_import_brings_neither_numba_nor_scikit_learn():
    loaded = _python("import sys, skensemble; print(*sys.modules)").split()
    assert not {"numba", "sklearn", "pandas", "numpy", "matplotlib"} & set(loaded)


@pytest.mark.parametrize("name", skensemble.__all__)
def test_name_is_there(name):
    value = getattr(skensemble, name)
    assert value.__name__ == name


@every_door
def test_dir_lists_the_public_names(door):
    values = [getattr(door, name) for name in door.__all__]
    assert all(value is not None for value in values)
    public = [name for name in dir(door) if name in door.__all__]
    assert public == sorted(door.__all__)
    assert [name for name in dir(skensemble) if not name.startswith("__")] == sorted(skensemble.__all__)


@every_door
def test_all_can_be_star_imported(door):
    namespace = {}
    exec(f"from {door.__name__} import *", namespace)
    assert set(door.__all__) <= set(namespace)


def test_every_name_of_the_table_is_offered():
    listed = [name for table in (ESTIMATORS, OTHERS) for names in table.values() for name in names]
    assert len(listed) == len(set(listed))
    assert set(listed) == {name for door in DOORS for name in door.__all__}


@pytest.mark.parametrize("name", estimators())
def test_estimators_are_estimators(name):
    estimator = estimators()[name]
    assert issubclass(estimator, BaseEstimator)
    assert estimator.__name__ == name


@pytest.mark.parametrize("path", front_door_files.files(), ids=lambda path: path.name)
def test_files_that_repeat_the_table_are_up_to_date(path):
    assert path.read_text(encoding="utf-8") == front_door_files.files()[path], "run `make format`"


@every_door
def test_the_reference_has_what_users_call_and_what_they_receive(door):
    entries = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8").split()
    called = [name for name in door.__all__ if callable(getattr(door, name))]
    assert [name for name in [*called, *_received(door)] if name not in entries] == []


def _received(door):
    """Names of the classes whose objects users of a door receive: results, their attributes, and results of these."""
    files = {}
    for path in (ROOT / "skensemble").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for name in re.findall(r"^class ([A-Z]\w*)", path.read_text(encoding="utf-8"), re.MULTILINE):
            files.setdefault(name, module)
    known = files.keys() - set(_types.__all__)  # whose names are those of types in signatures
    names, asked = set(), [value for value in (getattr(door, name) for name in door.__all__) if callable(value)]
    for thing in asked:
        new = {word for text in _said_types(thing) for word in re.findall(r"\w+", text)} & known - names
        names |= new
        asked += [getattr(import_module(files[name]), name) for name in sorted(new)]
    return sorted(names)


def _said_types(thing):
    """What annotations and docstrings say about the types of what a function returns, and of what a class has."""
    members = [value for each in getattr(thing, "__mro__", ()) for value in vars(each).values()]
    wrapped = [getattr(value, name, None) for value in members for name in ("fget", "func", "__func__")]
    for each in [thing, *filter(inspect.isfunction, [*members, *wrapped])]:
        if each.__name__.startswith("_"):
            continue
        yield str(getattr(each, "__annotations__", {}).get("return", ""))
        section, lines = "", (inspect.getdoc(each) or "").splitlines()
        for line, below in zip(lines, [*lines[1:], ""]):
            if below and set(below) == {"-"}:
                section = line
            elif section in ("Attributes", "Returns", "Yields") and not line.startswith(" "):
                yield line.partition(" : ")[2]


def test_what_users_receive_has_a_name_of_its_own():
    for door in DOORS:
        for name in received_names(door.__name__):
            assert inspect.isclass(getattr(door, name))
            assert name not in dir(door)
    listed = {name for names in RECEIVED.values() for name in names}
    assert listed == {name for door in DOORS for name in received_names(door.__name__)}
    assert listed < {name for door in DOORS for name in _received(door)}


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'skensemble' has no attribute 'NewtonBoster'"):
        skensemble.NewtonBoster  # noqa: B018


def test_importing_the_estimators_compiles_nothing():
    code = """
from numba.core import dispatcher
def refuse(*args, **kwargs):
    raise AssertionError("compiled at import")
dispatcher.Dispatcher.compile = refuse
from skensemble import *
print("done")
"""
    assert _python(code).strip() == "done"


def test_citation_names_this_version():
    assert f"version: {skensemble.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_version_of_the_command_line(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.strip() == f"skensemble {skensemble.__version__}"


def test_no_command_shows_the_usage(capsys):
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
    assert "usage: python -m skensemble" in capsys.readouterr().err


def test_warmup_reports_every_step(capsys, monkeypatch):
    steps = (("trees", list), ("forests", list), ("the rest", list))  # the true ones take long
    monkeypatch.setattr(_warmup, "_GROUPS", {"all": steps[:2]})
    monkeypatch.setattr(_warmup, "_STEPS", steps)
    assert main(["warmup"]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [line.split() for line in lines if line.startswith("  [")]
    assert [words[1:-2] for words in told] == [["1/3]", "trees"], ["2/3]", "forests"], ["3/3]", "the", "rest"]]
    assert all(float(seconds) >= 0 and unit == "s" for *_, seconds, unit in told)
    assert lines[-1].startswith("Ready after")
