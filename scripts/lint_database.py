"""Check the row-level security of a freshly migrated database with pgrls: its rules, then its proofs."""

import subprocess
import sys
import tempfile
from pathlib import Path

from portway.infrastructure.embedded_postgres import EmbeddedPostgres
from portway.infrastructure.postgres.migrations import migrate

_CHECKS = (
    ("lint",),
    # Nobody reads a row without a pass, and nobody reads or writes another tenant's.
    ("verify", "--mode", "anon"),
    ("verify", "--mode", "cross-tenant"),
    ("verify", "--mode", "write"),
    ("verify", "--mode", "escalation"),
    ("verify", "--mode", "reachability"),
)


def main() -> int:
    """Return 1 when a check fails; every check runs and prints its report."""
    root = Path(__file__).resolve().parent.parent
    pgrls = Path(sys.executable).with_name("pgrls")
    failed = False
    with tempfile.TemporaryDirectory(prefix="portway-lint-") as directory:
        server = EmbeddedPostgres(Path(directory), settings={"fsync": "off"})
        try:
            urls = server.start()
            migrate(urls.admin, master_key_file=urls.master_key_file)
            for check in _CHECKS:
                print("pgrls", *check, flush=True)
                command = [pgrls, *check, "--config", root / "pgrls.toml", "--database-url", urls.superuser]
                failed |= subprocess.run(command, check=False).returncode != 0
        finally:
            server.stop()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
