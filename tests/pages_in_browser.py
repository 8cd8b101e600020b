"""Open every page of the built documentation in headless Chromium, as wide as a phone, and say what is wrong with it.

`python -m tests.pages_in_browser FOLDER`, a part of `make docs`.  Wrong is: a page that scrolls sideways, an error in
the console, a picture that is not there, an everyday task that is more than two clicks away from the landing page.
Without Chromium nothing is opened, and the command says so.
"""

import functools
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
PHONE = 390  # pixels
TASKS = {  # an everyday task -> the page that says how; links of the text alone count, no menu and no search
    "install it": "installation.html",
    "fit a first model": "newton_boosting.html",
    "use text and missing cells as they are": "gallery/plot_categories.html",
    "know what a fit without settings chooses": "what_fit_chooses.html",
    "tune by hand": "tuning.html",
    "stop early": "gallery/plot_early_stopping.html",
    "make predictions rise with a column": "gallery/plot_monotonic_constraints.html",
    "minimise a loss of my own": "gallery/plot_custom_loss.html",
    "rank search results": "ranking.html",
    "grow a forest": "trees_and_forests.html",
    "give an interval with a prediction": "gallery/plot_prediction_intervals.html",
    "explain a prediction": "explanations.html",
    "show what a column does": "effects.html",
    "generate a table": "generate_a_table.html",
    "fill in missing cells": "gallery/plot_imputation.html",
    "find outliers": "gallery/plot_outliers.html",
    "save a model and load it elsewhere": "save_and_serve.html",
    "write a model as ONNX, C or SQL": "exports_and_imports.html",
    "train on a table larger than memory": "more_than_one_machine.html",
    "translate from XGBoost": "coming_from_xgboost.html",
    "look up a parameter": "generated/skensemble.NewtonBoostingClassifier.html",
    "see how fast it is": "benchmarks.html",
}
_LOOK = """<!doctype html><body><iframe id="page" width="%(width)d" height="800" style="border:0"></iframe>
<pre id="result"></pre><script>
const pages = %(pages)s, found = [], frame = document.getElementById("page")
function look(path) {
  return new Promise(done => {
    frame.onload = () => setTimeout(() => {
      const page = frame.contentDocument, root = page.documentElement
      if (root.scrollWidth > root.clientWidth)
        found.push(path + ": scrolls sideways, " + root.scrollWidth + " pixels wide")
      for (const image of page.images)
        if (image.loading != "lazy" && image.complete && !image.naturalWidth)
          found.push(path + ": no picture " + image.src)
      done()
    }, 60)
    frame.src = path
  })
}
(async () => {
  for (const path of pages) await look(path)
  document.getElementById("result").textContent = JSON.stringify({opened: pages.length, found})
})()
</script>"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def main(folder):
    """The exit status: 0 when every page is right, as far as can be seen where there is no Chromium."""
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        far = far_tasks(folder)
        print("No Chromium on this machine: the pages were built, and not opened.", *far, sep="\n  ")
        return int(bool(far))
    pages = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*.html") if "_static" not in path.parts
    )
    opened, wrong = look_at(browser, folder, pages)
    wrong += far_tasks(folder)
    print(f"{opened} of {len(pages)} pages opened in {Path(browser).name}, {PHONE} pixels wide.", *wrong, sep="\n  ")
    return int(bool(wrong) or not pages or opened != len(pages))


def far_tasks(folder):
    """Lines: the tasks whose page two clicks from the landing page do not reach."""
    near = _links(folder, "index.html")
    near |= {link for page in near for link in _links(folder, page)}
    return [f"{task}: {page} is more than two clicks away" for task, page in TASKS.items() if page not in near]


def _links(folder, page):
    """Pages that the text of a page links to."""
    text = (folder / page).read_text(encoding="utf-8")
    article = text[text.find("<article") : text.rfind("</article>")]
    targets = [folder / page / ".." / link for link in re.findall(r'href="([^"#:?]+\.html)', article)]
    there = [target.resolve() for target in targets if target.resolve().is_relative_to(folder.resolve())]
    return {target.relative_to(folder.resolve()).as_posix() for target in there if target.is_file()}


def look_at(browser, folder, pages):
    """(number of pages opened, what is wrong with them as lines)"""
    look = folder / "_look.html"
    look.write_text(_LOOK % {"width": PHONE, "pages": json.dumps(pages)}, encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        finished = _open(browser, f"http://127.0.0.1:{server.server_port}/{look.name}", seconds=2 + 0.5 * len(pages))
    finally:
        server.shutdown()
        server.server_close()
        look.unlink()
    result = re.search(r'<pre id="result">(\{.*?\})</pre>', finished.stdout, re.DOTALL)
    errors = [
        line for line in finished.stderr.splitlines() if "CONSOLE" in line and re.search("error", line, re.IGNORECASE)
    ]
    if result is None:
        return 0, [*errors, finished.stderr[-2000:]]
    answer = json.loads(html.unescape(result[1]))
    return answer["opened"], [*answer["found"], *errors]


def _open(browser, address, seconds):
    with tempfile.TemporaryDirectory() as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"]
        options += [f"--user-data-dir={profile}", f"--virtual-time-budget={int(1000 * seconds)}", "--dump-dom"]
        command = [browser, *options, address]
        return subprocess.run(command, capture_output=True, text=True, timeout=600)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
