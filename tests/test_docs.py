"""The Python code of every page of the documentation runs, and the parameter table is complete."""

import ast
import inspect
import re
import runpy
from importlib import import_module

import pytest

from skensemble import _front_door, _warmup
from skensemble._front_door import estimators
from tests import map_of_files, pages_in_browser
from tests.code_blocks import blocks, run_python
from tests.conftest import ROOT

PAGES = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "measured").glob("*.md")])


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```python" in page.read_text()], ids=lambda page: page.name
)
def test_code_of_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_warmup, "_GROUPS", {})  # tests/test_warmup.py compiles all
    monkeypatch.setattr(_warmup, "_STEPS", ())
    assert run_python(page) > 0


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_blocks_name_a_language_that_is_checked(page):
    assert {block.language for block in blocks(page)} <= {"python", "bash", "text", "{toctree}", "{eval-rst}"}


@pytest.mark.parametrize("estimator", estimators().values(), ids=estimators())
def test_parameter_table_has_every_parameter(estimator):
    named = set(re.findall(r"`(\w+)[`=]", (ROOT / "docs" / "parameters.md").read_text()))
    assert set(estimator().get_params()) - named == set()


def test_each_parameter_has_one_group_on_the_page_of_its_class():
    source = ast.parse((ROOT / "docs" / "_extensions" / "parameter_groups.py").read_text())
    (table,) = (node.value for node in source.body if isinstance(node, ast.Assign) and node.targets[0].id == "GROUPS")
    names = " ".join(ast.literal_eval(table).values()).split()
    assert len(names) == len(set(names))
    assert set(names) == {name for estimator in estimators().values() for name in estimator().get_params(deep=False)}


def test_pictures_of_benchmarks_have_a_dot_for_each_ratio():
    functions = runpy.run_path(str(ROOT / "docs" / "_extensions" / "ratios.py"))
    text = """# Benchmark, a machine

## Fit

Note.

| table | leaves | seconds | / fastest | / A | / B |
| --- | --- | --- | --- | --- | --- |
| adult | 31 | 0.2 | 1.2 | 0.5 | 1.2 |
| iris | 31 | 0.1 | 0.5 | 0.5 | - |
"""
    ((heading, rows),) = functions["tables"](text)
    assert functions["ratios"](rows) == [("adult, 31 leaves", {"A": 0.5, "B": 1.2}), ("iris, 31 leaves", {"A": 0.5})]
    assert functions["slower"](rows) == ["adult, 31 leaves: B (1.20)"]
    assert functions["picture"](heading, rows).count("<title>") == 3


def test_labels_of_benchmarks_have_room_left_of_the_dots():
    picture = runpy.run_path(str(ROOT / "docs" / "_extensions" / "ratios.py"))["picture"]
    label = "a table with a name that is long"
    drawn = picture("Fit", [{"table": label, "seconds": "0.2", "/ A": "0.0625"}])
    (end,) = re.findall(rf'<text x="(\d+)"[^>]*>{label}<', drawn)
    (dot,) = re.findall(r'<circle cx="([\d.]+)"[^>]*><title>', drawn)
    assert 6 * len(label) < int(end) < float(dot)


def test_tasks_that_two_clicks_do_not_reach_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(pages_in_browser, "TASKS", {"install": "a.html", "tune": "deep/b.html", "ship": "c.html"})
    (tmp_path / "deep").mkdir()
    pages = {"index.html": "a.html#first", "a.html": "deep/b.html", "deep/b.html": "../c.html", "c.html": "index.html"}
    for page, link in pages.items():
        (tmp_path / page).write_text(f'<nav><a href="c.html"></nav><article><a href="{link}"></article>')
    assert pages_in_browser.far_tasks(tmp_path) == ["ship: c.html is more than two clicks away"]


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists() and not _is_example(link)] == []


def _pages_of_the_guide():
    """The pages that say how something is done: all of the guide but what is needed before, and what is not there."""
    (table,) = (block.code for block in blocks(ROOT / "docs" / "guide.md") if block.language == "{toctree}")
    names = [line for line in table.split() if not line.isdigit() and line != ":maxdepth:"]
    return [ROOT / "docs" / f"{name}.md" for name in names if name not in ("installation", "limits")]


@pytest.mark.parametrize("page", _pages_of_the_guide(), ids=lambda page: page.name)
def test_pages_of_the_guide_show_code_early_and_lead_to_an_example_and_the_reference(page):
    text = page.read_text(encoding="utf-8")
    first = text.index("```python")
    assert len(re.findall("^## ", text[:first], re.MULTILINE)) <= 3
    assert re.search(r"[(<]gallery/\w+[)>]", text)
    assert re.search(r"\(reference\.md[)#]", text)


def _is_example(link):
    """Whether a link leads to a page of the gallery, which is made of an example when the site is built."""
    folder, _, name = link.partition("/")
    return folder == "gallery" and (ROOT / "examples" / f"{name}.py").exists()


def test_the_map_names_every_file():
    assert map_of_files.PAGE.read_text(encoding="utf-8") == map_of_files.page()


def _documented():
    """Everything that has a page in the reference: {name: class, function or table}."""
    files = {}
    for door in (_front_door.PACKAGE, _front_door.GENERATIVE):
        files |= _front_door.public_names(door) | _front_door.received_names(door)
    return {name: getattr(import_module(file), name) for name, file in files.items()}


@pytest.mark.parametrize("thing", _documented().values(), ids=_documented())
def test_docstrings_hold_no_links_by_mistake(thing):
    """A bare word that ends in "_" is a link, text between "|" a substitution, and the pages do not build."""
    methods = [value for name, value in getattr(thing, "__dict__", {}).items() if callable(value) and name[0] != "_"]
    for documented in (thing, *methods):
        code = r"^ *(>>>|\.\.\.).*$|^ *\w+_(, \w+_)* : |`[^`]*`|\[\d\]_"
        text = re.sub(code, "", inspect.getdoc(documented) or "", flags=re.MULTILINE)
        assert re.findall(r"\w_(?!\w)|\|\S[^|\n]*\|", text) == []
