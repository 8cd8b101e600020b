import os
import shutil
import subprocess
import sys

import numba
import pytest

from skensemble._shipped_kernels import SHIPPED, baseline_processor, shipped_processor
from tests.conftest import ROOT

SOURCE = """
from skensemble._jit import kernel

@kernel
def twice(x):
    return x + x
"""
CALL = "import kernels; print(kernels.twice(4), sum(kernels.twice.stats.cache_hits.values()))"
HERE = ("x86_64-unknown-linux-gnu", "some processor", "+some,+features")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A folder as a platform wheel leaves it: a file of kernels, and machine code for the baseline beside it."""
    folder = tmp_path_factory.mktemp("wheel")
    (folder / "kernels.py").write_text(SOURCE)
    assert call(folder, NUMBA_CPU_NAME=baseline_processor(), NUMBA_CPU_FEATURES="") == "8 0"
    (folder / "__pycache__").rename(folder / SHIPPED)
    return folder


@pytest.fixture
def folder(wheel, tmp_path):
    return shutil.copytree(wheel, tmp_path / "installed")


def call(folder, **environment):
    """What a new process prints."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "NUMBA_CACHE_DIR": "", **environment}
    command = [sys.executable, "-c", CALL]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_first_call_finds_what_the_wheel_brought(folder):
    assert call(folder) == "8 1"
    assert not list((folder / "__pycache__").glob("*.nbc"))


def test_another_version_of_a_file_is_compiled(folder):
    (folder / "kernels.py").write_text(SOURCE.replace("x + x", "2 * x"))
    assert call(folder) == "8 0"


def test_a_check_of_each_index_is_compiled(folder):
    assert call(folder, NUMBA_BOUNDSCHECK="1") == "8 0"


def test_a_processor_without_the_instructions_gets_nothing(monkeypatch):
    assert shipped_processor(HERE) == (HERE[0], baseline_processor(), "")
    monkeypatch.setattr("skensemble._shipped_kernels._runs_baseline", lambda: False)
    assert shipped_processor(HERE) is None


@pytest.mark.parametrize(("name", "value"), [("CPU_NAME", "generic"), ("ENABLE_AVX", 0), ("BOUNDSCHECK", 1)])
def test_code_that_was_asked_for_comes_first(monkeypatch, name, value):
    monkeypatch.setattr(numba.config, name, value)
    assert shipped_processor(HERE) is None
