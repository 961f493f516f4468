"""Which database a command works on, and connections to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import errors
from pydantic import SecretStr

from portway.cli.failure import CommandFailed, one_line
from portway.infrastructure.embedded_postgres import DatabaseUrls, EmbeddedPostgres
from portway.infrastructure.postgres.errors import translated
from portway.infrastructure.postgres.job_schema import pending_job_migrations
from portway.infrastructure.postgres.migrations import OutsideIssuer, pending_migrations
from portway.settings import DEFAULT_PUBLIC_URL, Settings

Connection = psycopg.Connection[tuple[object, ...]]

_CONNECT_SECONDS = 10
_PUBLIC_URL_FILE = "public-url"


@dataclass(frozen=True)
class DatabaseInUse:
    """The database by its roles; a URL is None where the environment does not tell it.

    `master_key_file` is for a keyring that is made anew. `public_url` is where its gateway is to be reached.
    """

    app: str | None = field(repr=False)
    admin: str | None = field(repr=False)
    sign_in: str | None = field(repr=False)
    worker: str | None = field(repr=False)
    master_key_file: Path | None
    public_url: str
    embedded: bool

    @property
    def app_url(self) -> str:
        """The URL that servers use. Raises CommandFailed where none is set."""
        if self.app is None:
            raise CommandFailed("set PORTWAY_DATABASE_URL (role portway_app) as well")
        return self.app

    @property
    def admin_url(self) -> str:
        """The owner's URL. Raises CommandFailed where none is set."""
        if self.admin is None:
            raise CommandFailed("this needs the database's owner: set PORTWAY_ADMIN_DATABASE_URL")
        return self.admin


def configured_database(settings: Settings) -> DatabaseInUse | None:
    """The database that the environment names; None where it names none, so that the embedded one is meant."""
    if settings.database_url is None and settings.admin_database_url is None:
        return None
    return DatabaseInUse(
        app=_revealed(settings.database_url),
        admin=_revealed(settings.admin_database_url),
        sign_in=_revealed(settings.sign_in_database_url),
        worker=_revealed(settings.worker_database_url),
        master_key_file=settings.master_key_file,
        public_url=settings.public_url,
        embedded=False,
    )


def embedded_database(settings: Settings, urls: DatabaseUrls) -> DatabaseInUse:
    """The embedded database by the URLs of its running server."""
    return DatabaseInUse(
        app=urls.app,
        admin=urls.admin,
        sign_in=urls.sign_in,
        worker=urls.worker,
        master_key_file=urls.master_key_file,
        public_url=_public_url(settings),
        embedded=True,
    )


@contextmanager
def database_in_use(settings: Settings, *, create: bool = False) -> Iterator[DatabaseInUse]:
    """The configured database, or the embedded one: that of a running `portway up`, else started for this command.

    An embedded database that does not exist is only made with `create`. Raises CommandFailed.
    """
    configured = configured_database(settings)
    if configured:
        yield configured
        return
    server = EmbeddedPostgres(settings.data_dir)
    if not create and not (server.data_dir / "postgres").is_dir():
        raise CommandFailed(
            f"there is no database in {server.data_dir}: run `portway up` there first,"
            " name another directory with --data-dir, or set PORTWAY_DATABASE_URL"
        )
    with server.borrowed() as urls:
        yield embedded_database(settings, urls)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection in autocommit. Raises CommandFailed where the server does not answer."""
    try:
        connection = psycopg.connect(
            url, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name="portway cli"
        )
    except psycopg.OperationalError as error:
        raise CommandFailed(f"the database does not answer: {one_line(error)}") from error
    with connection:
        yield connection


@contextmanager
def as_owner(database: DatabaseInUse) -> Iterator[Connection]:
    """A transaction as portway_owner, whose policies show every row. What is refused comes as a domain error.

    Raises CommandFailed where migrations are missing.
    """
    with connected(database.admin_url) as connection, translated(), connection.transaction():
        become_owner(connection)
        check_migrations(connection)
        yield connection


def become_owner(connection: Connection) -> None:
    """Takes the role portway_owner for this transaction. Raises CommandFailed where that role is not to be had."""
    try:
        connection.execute("SET LOCAL ROLE portway_owner")
    except (errors.InvalidParameterValue, errors.UndefinedObject):
        raise CommandFailed("the database is empty: run `portway migrate`") from None
    except errors.InsufficientPrivilege:
        raise CommandFailed(
            "the role of PORTWAY_ADMIN_DATABASE_URL may not become portway_owner:"
            " use the one that ran `portway migrate`"
        ) from None


def check_migrations(connection: Connection) -> None:
    """Raises CommandFailed where the database lacks migrations, or the connection's role cannot see any."""
    try:
        pending = len(pending_migrations(connection)) or len(pending_job_migrations(connection))
    except errors.InsufficientPrivilege:
        raise CommandFailed("this role may not use Portway's database: is it portway_app?") from None
    if pending:
        raise CommandFailed(f"the database lacks {pending} migration(s): run `portway migrate`")


def outside_issuer(settings: Settings) -> OutsideIssuer | None:
    """The issuer whose HS256 tokens the environment says to accept."""
    if settings.jwt_secret is None:
        return None
    return OutsideIssuer(
        issuer=settings.jwt_issuer or "*",
        audience=settings.jwt_audience,
        secret=settings.jwt_secret.get_secret_value(),
    )


def keep_public_url(data_dir: Path, public_url: str) -> None:
    """Lets commands beside `portway up` know where it serves."""
    (data_dir / _PUBLIC_URL_FILE).write_text(public_url + "\n", encoding="utf-8")


def _public_url(settings: Settings) -> str:
    if "public_url" in settings.model_fields_set:
        return settings.public_url
    try:
        return (settings.data_dir / _PUBLIC_URL_FILE).read_text(
            encoding="utf-8"
        ).strip() or DEFAULT_PUBLIC_URL
    except FileNotFoundError:
        return settings.public_url


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
