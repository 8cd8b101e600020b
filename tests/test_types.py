"""A user's script passes a type checker: public names, their arguments, and what they are said to return."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

SCRIPT = ROOT / "tests" / "a_users_script.py"


@pytest.mark.slow
def test_mypy_finds_nothing_in_a_users_script(tmp_path):
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), str(SCRIPT)]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "skensemble" / "py.typed").is_file()
