"""Passwords of the embedded PostgreSQL's roles, and the URLs made of them."""

import json
import secrets
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
LOGIN_ROLES = (SUPERUSER, OWNER, APP, SIGN_IN)


@dataclass(frozen=True)
class DatabaseUrls:
    """Where one database of a running embedded PostgreSQL is, for each role, as libpq and psql take it.

    The URLs go over the Unix socket in `socket_directory`; the server also listens on 127.0.0.1:`port`.
    They carry passwords, so none of them is part of the representation.
    """

    app: str = field(repr=False)
    admin: str = field(repr=False)
    sign_in: str = field(repr=False)
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
            superuser=self.superuser.replace(old, new),
            database=name,
        )


@dataclass(frozen=True)
class Credentials:
    """The password of each role in LOGIN_ROLES."""

    passwords: dict[str, str] = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> "Credentials | None":
        """Read the file; None where there is none yet. Raises EmbeddedPostgresError where it is damaged."""
        try:
            passwords = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise EmbeddedPostgresError(f"{path} is damaged: restore it from a backup") from error
        if not isinstance(passwords, dict) or any(role not in passwords for role in LOGIN_ROLES):
            raise EmbeddedPostgresError(f"{path} lacks a role's password: restore it from a backup")
        return cls(passwords)

    @classmethod
    def create(cls, path: Path) -> "Credentials":
        """Make random passwords and keep them in the file, readable by its owner only."""
        created = cls({role: secrets.token_urlsafe(32) for role in LOGIN_ROLES})
        write_durably(path, json.dumps(created.passwords, indent=1).encode(), mode=0o600)
        return created

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
            superuser=url(SUPERUSER),
            master_key_file=master_key_file,
            socket_directory=socket_directory,
            port=port,
        )
