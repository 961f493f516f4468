"""Build the web console into the Python package: Node.js comes from a wheel, so a machine needs none of its own."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_QUIETLY = ("--silent", "--no-audit", "--no-fund")


class ConsoleBuildHook(BuildHookInterface[Any]):
    """Runs before an sdist or a wheel is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the console, but for an editable install, or from an sdist, which carries it."""
        root = Path(self.root)
        if version == "editable" or (root / "PKG-INFO").exists():
            return
        npm = (sys.executable, root / "scripts" / "npm.py", "--prefix", root / "web")
        for command in (("ci",), ("run", "generate"), ("run", "build")):
            subprocess.run([*npm, *command, *_QUIETLY], check=True)
        if not (root / "src" / "portway" / "console" / "index.html").exists():
            raise RuntimeError("The console was not built: src/portway/console has no index.html.")
