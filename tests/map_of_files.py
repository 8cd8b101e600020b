"""The page that says where everything is: each room and each file, by the first sentence of its docstring.

`python -m tests.map_of_files`, a part of `make format`, writes it; tests/test_docs.py checks it.
"""

import ast
import re

from tests.conftest import ROOT

PACKAGE = ROOT / "skensemble"
PAGE = ROOT / "docs" / "map.md"
_INTRODUCTION = """% Written by `make format` from the docstrings of the files.

# Where things are

Each room of the package and each of its files, with the first sentence of its docstring. A room imports rooms that
stand above it; which ones, [the design](design.md#layout) says.
"""
_ORDER = [
    "", "tree", "tree/trees", "explanation", "tree/histogram", "tree/exact", "tree/estimators", "inspection",
    "ensemble", "ensemble/losses", "ensemble/rows", "ensemble/forest", "ensemble/adaboost", "ensemble/gradient",
    "ensemble/newton",
    "generative/tables", "generative/networks", "generative/paths", "generative/fields", "generative/flows",
    "generative/diffusion", "generative/autoregressive", "generative/evaluation", "generative",
    "distributed", "imported", "exported", "serving", "model_files",
]  # fmt: skip


def page():
    """The text of the page."""
    found = {path.parent.relative_to(PACKAGE).as_posix().lstrip(".") for path in PACKAGE.rglob("*.py")}
    assert found == set(_ORDER), f"rooms that the order lacks, or has without need: {sorted(found ^ set(_ORDER))}"
    return "\n".join([_INTRODUCTION, *map(_section, _ORDER)])


def _section(room):
    folder = PACKAGE / room
    files = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    entries = [f"- `{path.name}`: {_first_sentence(path)}" for path in files]
    heading = f"## skensemble/{room}".rstrip("/")
    return "\n".join([heading, "", _first_sentence(folder / "__init__.py"), "", *entries, ""])


def _first_sentence(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    text = " ".join(docstring.split("\n\n")[0].split())
    return re.split(r"(?<!et al)\. ", text)[0].rstrip(".") + "."


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
