"""Build of a platform wheel: kernels that were compiled in this folder go into it (see `make wheel`)."""

import os
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASKED_BY = "SKENSEMBLE_COMPILED_WHEEL"


class CompiledKernels(BuildHookInterface):
    """Adds `__pycache__/*.nbc` of each room as `_compiled/*.nbc`, if the environment asks for it."""

    def initialize(self, version, build_data):
        """Called before a wheel is built."""
        if not os.environ.get(ASKED_BY):
            return
        files = sorted(Path(self.root, "skensemble").rglob("__pycache__/*.nbc"))
        if not files:
            raise FileNotFoundError("no compiled kernels in skensemble: run make wheel")
        build_data["pure_python"], build_data["infer_tag"] = False, True
        for file in files:
            room = file.parent.parent.relative_to(self.root)
            build_data["force_include"][str(file)] = str(room / "_compiled" / file.name)
