"""Whom PostgreSQL runs as. It refuses root, so root hands it to somebody else: without being told to.

As root there are two ways. An unprivileged account, where that account can reach the programs and the data
directory. Else a user namespace: there the server is that account in its own eyes, and root's files stay its
files, so it also works where everything lies under a private home of root's.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from portway.infrastructure.embedded_postgres.binaries import Binaries
from portway.infrastructure.embedded_postgres.errors import CannotDropPrivileges, EmbeddedPostgresError

_ACCOUNTS = ("postgres", "nobody")


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: Sequence[int]


@dataclass(frozen=True)
class Account:
    """How to start PostgreSQL's programs, and who must own what they read and write."""

    binaries: Binaries
    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def command(self, program: Path, *arguments: str) -> list[str]:
        """Return the command line that runs the program as this account."""
        return [*self.prefix, str(program), *arguments]

    @property
    def identity(self) -> _Identity:
        """The arguments for `subprocess` that go with `command`."""
        if self.prefix or self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    @property
    def environment(self) -> dict[str, str]:
        """A plain environment: the caller's PG* variables and locale must not reach the server."""
        path = os.environ.get("PATH", "/usr/bin:/bin")
        return {"PATH": path, "LC_ALL": "C"} | dict(self.binaries.environment)

    def own(self, path: Path) -> None:
        """Give the file or directory to the account."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


def choose_account(binaries: Binaries, data_dir: Path, pgdata: Path) -> Account:
    """Return the account to run PostgreSQL as; for a data directory that exists, always its owner.

    Raises CannotDropPrivileges, or EmbeddedPostgresError where the data belongs to another user than ours.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0:
        if pgdata.exists() and pgdata.stat().st_uid != uid:
            raise EmbeddedPostgresError(
                f"{pgdata} belongs to {_name(pgdata.stat().st_uid)}: run as that user"
            )
        return Account(binaries, uid, gid)
    for account in _candidates(binaries, data_dir, pgdata):
        if _works(account, data_dir):
            return account
    raise CannotDropPrivileges(
        "PostgreSQL does not run as root, no other account can reach both its programs"
        f" ({binaries.directory}) and {data_dir}, and user namespaces (unshare, of util-linux) are not to be"
        " had: run as another user, or keep both where others may pass (chmod o+x),"
        " or set PORTWAY_DATABASE_URL to a server that runs"
    )


def _candidates(binaries: Binaries, data_dir: Path, pgdata: Path) -> Iterator[Account]:
    existing = pgdata.exists()
    home = (pgdata if existing else data_dir).stat()
    if home.st_uid != 0:
        yield Account(binaries, home.st_uid, home.st_gid)
        return
    accounts = [entry for entry in pwd.getpwall() if entry.pw_name in _ACCOUNTS and entry.pw_uid != 0]
    accounts.sort(key=lambda entry: _ACCOUNTS.index(entry.pw_name))
    if not existing:
        yield from (Account(binaries, entry.pw_uid, entry.pw_gid) for entry in accounts)
    unshare = shutil.which("unshare")
    if unshare:
        # initdb looks its user's name up, so the namespace's user must be one that exists.
        uid, gid = (accounts[0].pw_uid, accounts[0].pw_gid) if accounts else (65534, 65534)
        prefix = (unshare, "--user", f"--map-user={uid}", f"--map-group={gid}", "--")
        yield Account(binaries, 0, 0, prefix)


def _works(account: Account, data_dir: Path) -> bool:
    """Tell whether the account can really enter the data directory and run the programs."""
    script = 'cd "$0" && "$1" --version && exec "$2" --version'
    programs = (str(data_dir), str(account.binaries.postgres), str(account.binaries.initdb))
    try:
        done = subprocess.run(
            account.command(Path("/bin/sh"), "-c", script, *programs),
            cwd="/",
            env=account.environment,
            capture_output=True,
            timeout=20,
            check=False,
            **account.identity,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
