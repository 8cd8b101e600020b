"""`import skensemble` is light, its names are lazy, and `python -m skensemble` answers."""

import subprocess
import sys

import pytest

import skensemble
from skensemble.__main__ import main
from tests.conftest import ROOT


def _python(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_import_brings_neither_numba_nor_scikit_learn():
    loaded = _python("import sys, skensemble; print(*sys.modules)").split()
    assert not {"numba", "sklearn", "pandas", "numpy", "matplotlib"} & set(loaded)


@pytest.mark.parametrize("name", skensemble.__all__)
def test_name_is_there(name):
    value = getattr(skensemble, name)
    assert value.__name__ == name


def test_dir_lists_the_public_names():
    assert set(skensemble.__all__) <= set(dir(skensemble))
    assert [name for name in dir(skensemble) if not name.startswith("__")] == sorted(skensemble.__all__)


def test_all_can_be_star_imported():
    namespace = {}
    exec("from skensemble import *", namespace)
    assert set(skensemble.__all__) <= set(namespace)


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


def test_warmup_reports_every_step(capsys):
    assert main(["warmup"]) == 0
    lines = capsys.readouterr().out.splitlines()
    steps = [line for line in lines if line.startswith("  [")]
    assert len(steps) == int(steps[-1].split("/")[1].split("]")[0])
    assert all(line.endswith(" s") for line in steps)
    assert lines[-1].startswith("Ready after")
