"""Passwords of the embedded PostgreSQL's roles, and the URLs made of them."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from portway.infrastructure.embedded_postgres.errors import EmbeddedPostgresError
from portway.infrastructure.embedded_postgres.files import write_durably

DATABASE = "portway"
SUPERUSER = "postgres"
OWNER = "portway_owner"
APP = "portway_app"
SIGN_IN = "portway_sign_in"
WORKER = "portway_worker"
LOGIN_ROLES = (SUPERUSER, OWNER, APP, SIGN_IN, WORKER)

# Those that a data directory of an earlier version has no password for.
_LATER_ROLES = {WORKER}


@dataclass(frozen=True)
class DatabaseUrls:
    """Where one database of a running embedded PostgreSQL is, for each role, as libpq and psql take it.

    The URLs go over the Unix socket in `socket_directory`; the server also listens on 127.0.0.1:`port`.
    They carry passwords, so none of them is part of the representation.
    """

    app: str = field(repr=False)
    admin: str = field(repr=False)
    sign_in: str = field(repr=False)
    worker: str = field(repr=False)
    superuser: str = field(repr=False)
    master_key_file: Path
    socket_directory: Path
    port: int
    database: str = DATABASE

    def for_database(self, name: str) -> "DatabaseUrls":
        """Return the same server's URLs for another of its databases."""
        old, new = f"@/{quote(self.database, safe='')}?", f"@/{quote(name, safe='')}?"
        return replace(
            self,
            app=self.app.replace(old, new),
            admin=self.admin.replace(old, new),
            sign_in=self.sign_in.replace(old, new),
            worker=self.worker.replace(old, new),
            superuser=self.superuser.replace(old, new),
            database=name,
        )


@dataclass(frozen=True)
class Credentials:
    """The password of each role in LOGIN_ROLES."""

    passwords: dict[str, str] = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> "Credentials | None":
        """Read the file; None where there is none yet. Raises EmbeddedPostgresError where it is damaged.

        A role that came after the file was written gets its password now.
        """
        try:
            passwords = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise EmbeddedPostgresError(f"{path} is damaged: restore it from a backup") from error
        lacking = set(LOGIN_ROLES) - set(passwords) if isinstance(passwords, dict) else {SUPERUSER}
        if not lacking <= _LATER_ROLES:
            raise EmbeddedPostgresError(f"{path} lacks a role's password: restore it from a backup")
        return cls._written(path, passwords | _passwords(lacking)) if lacking else cls(passwords)

    @classmethod
    def create(cls, path: Path) -> "Credentials":
        """Make random passwords and keep them in the file, readable by its owner only."""
        return cls._written(path, _passwords(LOGIN_ROLES))

    @classmethod
    def _written(cls, path: Path, passwords: dict[str, str]) -> "Credentials":
        write_durably(path, json.dumps(passwords, indent=1).encode(), mode=0o600)
        return cls(passwords)

    def urls(self, master_key_file: Path, socket_directory: Path, port: int) -> DatabaseUrls:
        """Return the URLs for a server that listens in `socket_directory` with this port number."""
        host = quote(str(socket_directory), safe="")

        def url(role: str) -> str:
            password = quote(self.passwords[role], safe="")
            return f"postgresql://{role}:{password}@/{DATABASE}?host={host}&port={port}"

        return DatabaseUrls(
            app=url(APP),
            admin=url(OWNER),
            sign_in=url(SIGN_IN),
            worker=url(WORKER),
            superuser=url(SUPERUSER),
            master_key_file=master_key_file,
            socket_directory=socket_directory,
            port=port,
        )


def _passwords(roles: Iterable[str]) -> dict[str, str]:
    return {role: secrets.token_urlsafe(32) for role in roles}
