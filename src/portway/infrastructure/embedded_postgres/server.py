"""The life of the embedded PostgreSQL."""

import contextlib
import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from portway.infrastructure.embedded_postgres import postmaster
from portway.infrastructure.embedded_postgres.account import Account, choose_account
from portway.infrastructure.embedded_postgres.binaries import find_binaries
from portway.infrastructure.embedded_postgres.borrowing import Borrowers
from portway.infrastructure.embedded_postgres.cluster import (
    cluster_version,
    create_cluster,
    remove_drafts,
    write_settings,
)
from portway.infrastructure.embedded_postgres.errors import (
    DataDirectoryInUse,
    EmbeddedPostgresError,
    PostgresFailed,
)
from portway.infrastructure.embedded_postgres.files import write_durably
from portway.infrastructure.embedded_postgres.lock import DirectoryLock
from portway.infrastructure.embedded_postgres.postmaster import Postmaster
from portway.infrastructure.embedded_postgres.roles import make_roles, roles_are_made
from portway.infrastructure.embedded_postgres.sockets import choose_port, socket_directory
from portway.infrastructure.embedded_postgres.urls import SUPERUSER, Credentials, DatabaseUrls

_START_SECONDS = 300.0  # recovery after a crash may take minutes
_STOP_SECONDS = 60.0
_PASSING_SECONDS = 30.0
_TRANSIENT = ("still in use", "already exists", "could not create any TCP/IP sockets")


class EmbeddedPostgres:
    """A PostgreSQL server of our own under one data directory, which may be empty or absent at first.

    `settings` are PostgreSQL's, over DEFAULT_SETTINGS (tests switch fsync off). Layout of the directory:
    `postgres/` PGDATA, `credentials.json` the roles' passwords, `master.key` the keyring's master key,
    `postgres.log`, `port`, `run/` the socket, `portway.lock`.

    Every method raises EmbeddedPostgresError, or one of its kinds, where the user has to do something.
    """

    def __init__(self, data_dir: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir.expanduser().resolve()
        self._settings = dict(settings or {})
        self._pgdata = self.data_dir / "postgres"
        self._credentials_file = self.data_dir / "credentials.json"
        self._master_key_file = self.data_dir / "master.key"
        self._log = self.data_dir / "postgres.log"
        self._lock = DirectoryLock(self.data_dir / "portway.lock")
        self._borrowers = Borrowers(self.data_dir)
        self._child: subprocess.Popen[bytes] | None = None
        self._urls: DatabaseUrls | None = None

    @property
    def urls(self) -> DatabaseUrls:
        """The URLs of the server that `start` started."""
        if self._urls is None:
            raise EmbeddedPostgresError("the embedded PostgreSQL is not started")
        return self._urls

    def start(self) -> DatabaseUrls:
        """Own the directory until `stop`: start the server, or adopt one that outlived its owner.

        Raises DataDirectoryInUse while another process owns it.
        """
        if self._urls is None:
            with _access():
                self._make_directory()
                self._lock.acquire(passing=False, patience=_PASSING_SECONDS)
                try:
                    self._urls = self._launch()
                    self._borrowers.clear()
                except BaseException:
                    self._lock.release()
                    raise
        return self._urls

    def stop(self) -> None:
        """Stop the server, sessions and all, and let the directory go; does nothing before `start`."""
        if self._lock.held:
            try:
                self._halt()
            finally:
                self._lock.release()

    def running(self) -> DatabaseUrls | None:
        """Return the URLs of a server that somebody runs on the directory now, ready for use; else None."""
        with _access():
            found = postmaster.find_postmaster(self._pgdata)
            if found is None or found.status != "ready" or not roles_are_made(self._pgdata):
                return None
            credentials = Credentials.load(self._credentials_file)
        return self._urls_of(found, credentials) if credentials else None

    @contextmanager
    def borrowed(self) -> Iterator[DatabaseUrls]:
        """Use the server that runs; where none does, start one, and stop it when its last user is done.

        For commands beside `start`'s owner, which may come and go meanwhile.
        """
        with _access():
            self._make_directory()
        try:
            with self._borrowers.joined():
                yield self._running_or_launched()
        finally:
            self._stop_after_the_last()

    def _running_or_launched(self) -> DatabaseUrls:
        deadline = time.monotonic() + _START_SECONDS
        while (urls := self.running()) is None:
            # Somebody else who holds the lock is about to start or to stop it.
            if self._lock.try_acquire(passing=True):
                try:
                    self._borrowers.mark()
                    return self._launch()
                finally:
                    self._lock.release()
            if time.monotonic() > deadline:
                raise PostgresFailed(f"the PostgreSQL of {self.data_dir} is not ready; see {self._log}")
            time.sleep(0.05)
        return urls

    def _stop_after_the_last(self) -> None:
        try:
            if self._borrowers.keep_it_alive:
                self._stop_unless_used()
        finally:
            if self._child is not None and not self._lock.held:
                postmaster.disown(self._child)
                self._child = None

    def _stop_unless_used(self) -> None:
        try:
            self._lock.acquire(passing=True, patience=_PASSING_SECONDS)
        except DataDirectoryInUse:
            return  # it has an owner now
        try:
            with self._borrowers.none_left() as unused:
                if unused and self._borrowers.keep_it_alive:
                    self._halt()
                    self._borrowers.clear()
        finally:
            self._lock.release()

    def _make_directory(self) -> None:
        if self.data_dir.is_dir():
            return
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            # PostgreSQL will run as another user, who must be able to pass; every file inside is private.
            self.data_dir.chmod(0o711)

    def _launch(self) -> DatabaseUrls:
        """Bring the directory and its server to the state that `running` promises, from whatever is there."""
        remove_drafts(self._pgdata)
        adopted = self._adopt()
        version = cluster_version(self._pgdata)
        account = choose_account(find_binaries(version), self.data_dir, self._pgdata)
        credentials = self._provide_secrets(account, new=version is None)
        if version is None:
            sync = self._settings.get("fsync") != "off"
            create_cluster(account, self._pgdata, SUPERUSER, credentials.passwords[SUPERUSER], sync=sync)
        try:
            urls = self._urls_of(adopted or self._start_server(account), credentials)
            if not roles_are_made(self._pgdata):
                make_roles(account, self._pgdata, urls, credentials)
        except BaseException:
            if adopted is None:
                self._halt()
            raise
        return urls

    def _adopt(self) -> Postmaster | None:
        found = postmaster.wait_until_ready(self._pgdata, None, _START_SECONDS)
        if found and not found.reachable:
            postmaster.stop(self._pgdata, None, _STOP_SECONDS)
            return None
        return found

    def _provide_secrets(self, account: Account, *, new: bool) -> Credentials:
        credentials = Credentials.load(self._credentials_file)
        for file in (self._credentials_file, self._master_key_file):
            if not new and not file.exists():
                raise EmbeddedPostgresError(
                    f"{file} is missing: restore it, the data cannot be opened without it"
                )
        if new and not self._master_key_file.exists():
            owner = (account.uid, account.gid)
            write_durably(self._master_key_file, secrets.token_bytes(32), mode=0o400, owner=owner)
        return credentials or Credentials.create(self._credentials_file)

    def _start_server(self, account: Account) -> Postmaster:
        write_settings(self._pgdata, self._settings)
        sockets = socket_directory(account, self.data_dir)
        deadline = time.monotonic() + _PASSING_SECONDS
        while True:
            port = choose_port(self.data_dir / "port")
            logged = self._log.stat().st_size if self._log.exists() else 0
            self._child = postmaster.spawn(account, self._pgdata, sockets, port, self._log)
            ready = postmaster.wait_until_ready(self._pgdata, self._child, _START_SECONDS)
            if ready:
                return ready
            printed = self._log.read_bytes()[logged:].decode(errors="replace")
            # A server whose owner was killed while it started may have come first.
            adopted = self._adopt()
            if adopted:
                return adopted
            # Else what passes: processes of a killed server on their way out, a port just taken.
            if time.monotonic() > deadline or not any(words in printed for words in _TRANSIENT):
                raise PostgresFailed(f"PostgreSQL did not start: {_reason(printed)} (see {self._log})")
            time.sleep(0.1)

    def _halt(self) -> None:
        sockets = self._urls.socket_directory if self._urls else None
        try:
            postmaster.stop(self._pgdata, self._child, _STOP_SECONDS)
        finally:
            self._child = self._urls = None
        if sockets and self.data_dir not in sockets.parents:
            with contextlib.suppress(OSError):
                sockets.rmdir()

    def _urls_of(self, server: Postmaster, credentials: Credentials) -> DatabaseUrls:
        return credentials.urls(self._master_key_file, server.socket_directory, server.port)


@contextmanager
def _access() -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"no access to {error.filename}: run as the user who made the data directory"
        ) from error


def _reason(printed: str) -> str:
    lines = [line for line in printed.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
    return (fatal or lines or ["it printed nothing"])[-1]
