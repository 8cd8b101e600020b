"""Every script under examples/ runs from beginning to end, in a folder of its own."""

import ast
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_example_runs(script, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    command = [sys.executable, str(script)]
    finished = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout
    assert "Warning" not in finished.stderr
    if script.stem.startswith("plot_"):
        assert [path.suffix for path in tmp_path.iterdir()] == [".png"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_example_has_a_title_for_the_gallery_and_a_row_in_the_table(script):
    _, title, underline, empty, *_ = ast.get_docstring(ast.parse(script.read_text()), clean=False).split("\n")
    assert title
    assert underline == "=" * len(title)
    assert not empty
    assert f"| `{script.name}` |" in (ROOT / "examples" / "README.md").read_text()
