"""Write src/portway/migrations/schema.sql: what all migrations together make, to be read and compared."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from portway.infrastructure.embedded_postgres import DatabaseUrls, EmbeddedPostgres
from portway.infrastructure.embedded_postgres.binaries import find_binaries
from portway.infrastructure.postgres.migrations import migrate

SCHEMA_FILE = Path(__file__).resolve().parent.parent / "src" / "portway" / "migrations" / "schema.sql"

_HEADER = "-- Made by `make schema`; not applied by anything.\n\n"
# The session's settings, comments, pg_dump's own commands, and rights on what is PostgreSQL's own.
_NOISE = re.compile(
    r"^(--.*|SET .*;|SELECT pg_catalog\.set_config.*;|\\(un)?restrict .*|.* ON FUNCTION pg_catalog\..*;)\n",
    re.MULTILINE,
)


def schema_of(urls: DatabaseUrls) -> str:
    """Return the schema of a migrated database, without what differs from dump to dump and from month to month."""
    dump = subprocess.run(
        [
            find_binaries().directory / "pg_dump",
            "--schema-only",
            "--exclude-table=public.api_logs_*",
            f"--dbname={urls.superuser}",
        ],
        capture_output=True,
        check=True,
        text=True,
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")},
    )
    return _HEADER + re.sub(r"\n{3,}", "\n\n", _NOISE.sub("", dump.stdout)).strip() + "\n"


def main() -> int:
    """Write the file anew."""
    with tempfile.TemporaryDirectory(prefix="portway-schema-") as directory:
        server = EmbeddedPostgres(Path(directory) / "data", settings={"fsync": "off"})
        try:
            urls = server.start()
            migrate(urls.admin, master_key_file=urls.master_key_file)
            SCHEMA_FILE.write_text(schema_of(urls))
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
