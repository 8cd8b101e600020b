"""Every command and every code block of the README and of the installation page works."""

import os
import re
import runpy
import shutil
import subprocess
import sys

import pytest

from tests.code_blocks import commands, run_python
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "installation.md"]
COMMANDS = sorted({command for page in PAGES for command in commands(page)})


def test_code_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert run_python(ROOT / "README.md") > 0


def test_code_example_has_at_most_ten_lines():
    first = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    assert len(first.strip().splitlines()) <= 10


def test_tables_of_speed_are_those_of_the_results():
    writer = runpy.run_path(str(ROOT / "benchmarks" / "readme.py"))
    readme, results = (ROOT / "README.md").read_text(), (ROOT / "benchmarks" / "results" / "latest.md").read_text()
    assert writer["with_section"](readme, results) == readme
    changed = re.sub(r"^(\| adult \|.* best-first ).*$", r"\1" + "| 7.125 " * 13 + "|", results, flags=re.MULTILINE)
    assert "| fit, adult (39 000 rows) |" + " 7.12 |" * 6 in writer["with_section"](readme, changed)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_works(command):
    for pattern, check in CHECKS.items():
        if match := re.fullmatch(pattern, command):
            return check(command, **match.groupdict())
    pytest.fail(f"no check knows the command {command!r}")


def _target_exists(command, target):
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    dry_run = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True)
    for script in re.findall(r"python (\S+\.py)", dry_run.stdout):
        assert (ROOT / script).is_file()


def _extra_exists(command, extra=None):
    if extra:
        declared = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
        assert set(extra.split(",")) <= set(declared)


def _runs(command):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, *command.split()[1:]], cwd=ROOT, env=environment, check=True, capture_output=True)


def _hook_runner_is_configured(command):
    assert (ROOT / ".pre-commit-config.yaml").is_file()


CHECKS = {
    r"make (?P<target>\w+)": _target_exists,
    r'(?:python -m )?pip install (?:--editable )?"?\.(?:\[(?P<extra>[\w,]+)\])?"?': _extra_exists,
    r"python -m skensemble warmup": lambda command: None,  # tests/test_warmup.py runs it
    r"python -m skensemble .*": _runs,
    r"python examples/.*": lambda command: _script_exists(command.split()[1]),
    r"pre-commit install": _hook_runner_is_configured,
}


def _script_exists(script):
    assert (ROOT / script).is_file()  # tests/test_examples.py runs it


@pytest.mark.slow
@pytest.mark.parametrize("target", ["demo", "test"])
def test_target_sets_itself_up_on_a_fresh_copy(target, tmp_path):
    hidden = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "_build")
    copy = shutil.copytree(ROOT, tmp_path / "skensemble", ignore=hidden)
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    subprocess.run(["make", target], cwd=copy, env=environment, check=True)
