"""Open every page of the built documentation in headless Chromium, as wide as a phone, and say what is wrong with it.

`python -m tests.pages_in_browser FOLDER`, a part of `make docs`.  Wrong is: a page that scrolls sideways, an error in
the console, a picture that is not there.  Without Chromium nothing is opened, and the command says so.
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
    """The exit status: 0 when every page is right, or when there is no Chromium."""
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        print("No Chromium on this machine: the pages were built, and not opened.")
        return 0
    pages = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*.html") if "_static" not in path.parts
    )
    opened, wrong = look_at(browser, folder, pages)
    print(f"{opened} of {len(pages)} pages opened in {Path(browser).name}, {PHONE} pixels wide.", *wrong, sep="\n  ")
    return int(bool(wrong) or not pages or opened != len(pages))


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
