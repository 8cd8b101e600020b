"""Rows of figures as a markdown table, and the file that keeps them."""

import json
import os
import platform
import re
from typing import NamedTuple

import numpy as np


class Report(NamedTuple):
    title: str
    note: str  # how it was measured
    rows: list  # dicts with the same keys
    remarks: list  # lines below the table


def markdown(report):
    lines = [f"## {report.title}", "", report.note, ""]
    if report.rows:
        names = list(report.rows[0])
        lines += [_line(names), _line(["---"] * len(names))]
        lines += [_line(_text(row.get(name)) for name in names) for row in report.rows]
    return "\n".join([*lines, "", *(f"- {remark}" for remark in report.remarks), ""])


def _line(cells):
    return "| " + " | ".join(cells) + " |"


def _text(value):
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "-"
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    return str(value)


def write(reports, path, machine):
    """The same figures as markdown (`path`) and as JSON beside it.

    Tables that the file has already, and that were not measured anew, stay.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sections = _sections(path) if path.exists() else {}
    sections.update((report.title, markdown(report)) for report in reports)
    path.write_text("\n".join([f"# Benchmark, {machine}", "", *sections.values()]))
    content = {"machine": machine, "reports": [report._asdict() for report in reports]}
    path.with_suffix(".json").write_text(json.dumps(content, indent=1, default=float))


def _sections(path):
    """Title -> text of each table of a file."""
    parts = re.split(r"^## ", path.read_text(), flags=re.MULTILINE)[1:]
    return {part.split("\n", 1)[0]: f"## {part.rstrip()}\n" for part in parts}


def machine():
    """One line: processor, cores, versions of Python and NumPy."""
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}"


def _processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
