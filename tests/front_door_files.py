"""The files that repeat the table of public names: stubs for editors, and the reference.

`python -m tests.front_door_files`, a part of `make format`, writes them; tests/test_front_door.py checks them.
"""

from skensemble._front_door import (
    ESTIMATORS,
    GENERATIVE,
    OTHERS,
    PACKAGE,
    PARTS,
    RECEIVED,
    public_names,
    received_names,
)
from tests.conftest import ROOT

_INTRODUCTIONS = {
    PARTS: "What generative models are made of. `ACTIVATIONS`, `PATHS` and `SOLVERS` are the tables of activations of\n"
    "networks, of paths from data to noise, and of solvers.",
}


def _stub(door):
    """Imports that an editor reads in the place of `__init__.py`."""
    names = public_names(door) | received_names(door)
    imports = [f"from {names[name]} import {name} as {name}" for name in sorted(names, key=lambda n: _order(names, n))]
    version = ["", "__version__: str"] if door == PACKAGE else []
    return "\n".join(["# Written by `make format` from _front_door.py.", *imports, *version]) + "\n"


def _order(names, name):
    """As ruff sorts imports: by file, then constants, classes, functions."""
    return names[name], not name.isupper(), not name[0].isupper(), name


def _reference():
    """docs/reference.md"""
    headings = dict.fromkeys([*ESTIMATORS, *OTHERS])
    sections = ["# Reference\n\n% Written by `make format` from skensemble/_front_door.py.\n"]
    return "\n".join([*sections, *(_section(heading) for heading in headings)])


def _section(heading):
    classes, others, received = (table.get(heading, {}) for table in (ESTIMATORS, OTHERS, RECEIVED))
    entries = [*classes, *(name for name in others if not name.isupper()), *received]  # without tables such as PATHS
    lines = [f"## {heading}", ""]
    if heading in _INTRODUCTIONS:
        lines += [_INTRODUCTIONS[heading], ""]
    lines += ["```{eval-rst}", f".. currentmodule:: {GENERATIVE if heading == PARTS else PACKAGE}", ""]
    lines += [".. autosummary::", "   :toctree: generated", "", *(f"   {name}" for name in entries)]
    return "\n".join([*lines, "```", ""])


def files():
    """{path: text} of all files that are written."""
    return {
        ROOT / "skensemble" / "__init__.pyi": _stub(PACKAGE),
        ROOT / "skensemble" / "generative" / "__init__.pyi": _stub(GENERATIVE),
        ROOT / "docs" / "reference.md": _reference(),
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
