"""The report of an evaluation: whole, without outside links, and alive in a browser."""

import re
import shutil

import numpy as np
import pandas as pd
import pytest

from skensemble.generative.evaluation._evaluation import evaluate
from skensemble.generative.evaluation._metrics import METRICS
from skensemble.generative.evaluation._report_pairs import mutual_information
from tests.generative.evaluation.comparisons import mixed_table
from tests.pages_in_browser import NAMES, _open, look_at

CLICKS = """<pre id="result"></pre><script>
const names = () => [...document.querySelectorAll("table")[0].tBodies[0].rows].map(row => row.cells[0].textContent)
const button = document.querySelector("th button"), found = []
button.click(); found.push(names().join()); button.click(); found.push(names().join())
const order = document.getElementById("order"); order.value = "difference"; order.dispatchEvent(new Event("change"))
found.push([...document.getElementById("columns").children].map(card => card.dataset.difference).join())
document.getElementById("result").textContent = found.join(";")
</script>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    tables = [mixed_table(n, seed).rename(columns={"city": "<b>city</b>"}) for seed, n in enumerate((60, 40, 60))]
    evaluation = evaluate(*tables, metrics=["ks_complement", "tv_complement", "exact_copies"], random_state=0)
    path = tmp_path_factory.mktemp("report") / "report.html"
    evaluation.to_html(path)
    return path


def test_everything_is_in_the_file_and_nothing_outside(page):
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]|<link|src=|@import", text)
    for part in (
        "Scores",
        "Columns",
        "Pairs of columns",
        "Privacy",
        "prefers-color-scheme",
        METRICS["exact_copies"].meaning,
    ):
        assert part in text
    assert text.count('class="card" data-place') == 6
    assert "&lt;b&gt;city&lt;/b&gt;" in text
    assert "<b>city</b>" not in text


def test_each_metric_says_what_it_means():
    assert all(metric.meaning.endswith(".") for metric in METRICS.values())


def test_without_metrics_of_privacy_there_is_no_such_part(tmp_path):
    numbers = pd.DataFrame({"x": np.arange(20.0), "constant": 1.0})
    evaluate(numbers, numbers, numbers, metrics=["ks_complement"], random_state=0).to_html(tmp_path / "report.html")
    assert "Privacy" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_mutual_information_is_0_for_nothing_and_1_for_all():
    rng = np.random.default_rng(0)
    u, v = rng.integers(0, 4, (2, 5000))
    assert mutual_information(u, v) < 0.01
    assert mutual_information(u, 3 - u) == pytest.approx(1.0, abs=0.01)


@pytest.mark.slow
def test_heads_sort_and_nothing_scrolls_sideways_on_a_phone(page):
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    assert browser is not None, "this check needs Chromium"
    assert look_at(browser, page.parent, [page.name]) == (1, [])
    clicked = page.with_name("clicked.html")
    clicked.write_text(page.read_text(encoding="utf-8").replace("</body>", CLICKS + "</body>"), encoding="utf-8")
    dumped = _open(browser, clicked.as_uri(), seconds=2).stdout
    up, down, differences = re.search(r'<pre id="result">([^<]*)</pre>', dumped)[1].split(";")
    assert up.split(",") == sorted(up.split(",")) == down.split(",")[::-1]
    values = [float(value) for value in differences.split(",")]
    assert values == sorted(values, reverse=True)
