"""Fenced blocks of a Markdown page, for the tests that run them."""

import re
from typing import NamedTuple

_FENCE = re.compile(r"^```(?P<language>[\w{}-]*)[^\n]*\n(?P<code>.*?)^```\s*$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block: its language, its code, and the line of the page where the code begins."""

    language: str
    code: str
    line: int


def blocks(page):
    """All fenced blocks of `page`, a path, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(match["language"], match["code"], text.count("\n", 0, match.start("code")) + 1)
        for match in _FENCE.finditer(text)
    ]


def run_python(page):
    """Run the Python blocks of `page` one after the other, as a reader would; returns how many there were."""
    namespace = {"__name__": "__main__"}
    python = [block for block in blocks(page) if block.language == "python"]
    for block in python:
        padding = "\n" * (block.line - 1)  # so that a traceback names the line of the page
        exec(compile(padding + block.code, str(page), "exec"), namespace)
    return len(python)


def commands(page):
    """Every shell command of `page`: the lines of its `bash` blocks, without comments."""
    lines = (line for block in blocks(page) if block.language == "bash" for line in block.code.splitlines())
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]
