"""Figures of benchmarks/results: a picture of the ratios of each table that has some, and where others are faster."""

from pathlib import Path

import ratios
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "latest.md"


class BenchmarkPictures(SphinxDirective):
    """`:::{benchmark-pictures}`: the machine, the pictures, and where others are faster."""

    def run(self):
        self.env.note_dependency(str(RESULTS))
        text = RESULTS.read_text(encoding="utf-8")
        found = [nodes.paragraph(text=text.splitlines()[0].removeprefix("# Benchmark, ") + ".")]
        behind = nodes.bullet_list()
        for heading, rows in ratios.tables(text):
            if len(ratios.ratios(rows)) > 1:
                found.append(nodes.rubric(text=f"{heading}: ours / theirs"))
                found.append(nodes.raw(text=ratios.picture(heading, rows), format="html"))
            behind += [nodes.list_item("", nodes.paragraph(text=f"{heading}; {line}")) for line in ratios.slower(rows)]
        return [*found, nodes.rubric(text="Where others are faster"), behind]


def setup(app):
    app.add_directive("benchmark-pictures", BenchmarkPictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
