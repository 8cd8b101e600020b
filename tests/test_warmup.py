"""After the warm-up nothing that the user guide shows is compiled any more."""

import subprocess
import sys

from tests.conftest import ROOT

CODE = """
import sys
from numba.core.dispatcher import Dispatcher
from skensemble import warm_up
from tests.code_blocks import run_python
from tests.conftest import ROOT

def signatures():
    modules = [module for name, module in sys.modules.items() if name.startswith("skensemble.")]
    kernels = [value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)]
    return {(kernel.py_func.__qualname__, signature) for kernel in kernels for signature in kernel.signatures}

assert warm_up() > 0
warm = signatures()
assert len(warm) > 20
run_python(ROOT / "docs" / "newton_boosting.md")
print("compiled:", sorted({name for name, _ in signatures() - warm}))
"""


def test_user_guide_compiles_nothing_after_warmup():
    finished = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines()[-1] == "compiled: []"
