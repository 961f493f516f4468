"""`portway connections ...`."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack
from uuid import UUID

import typer
from pydantic import SecretStr

from portway.cli.database import DatabaseInUse, as_owner, database_in_use
from portway.cli.failure import CommandFailed
from portway.cli.options import DataDir, UserEmail, settings_with
from portway.cli.output import print_json
from portway.cli.people import find_user, operator_principal
from portway.domain.connection import Connection
from portway.domain.json_value import JsonValue
from portway.domain.principal import Principal
from portway.settings import Settings

app = typer.Typer(help="Connections to services.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def create(
    *,
    user: UserEmail,
    integration: str = typer.Option(metavar="SLUG", help="The service, as in `portway catalog list`."),
    name: str | None = typer.Option(
        None, help="What the connection is called; else by the account or the service.", show_default=False
    ),
    field: list[str] | None = typer.Option(
        None,
        metavar="NAME=VALUE",
        help="A member of the credentials, as token=..., api_key=..., username=..., password=..., client_id=...,"
        " client_secret=..., private_key=...; may be repeated. NAME=@FILE reads it from a file, NAME=- from standard"
        " input, so that it need not stand in the command line. service_account=@FILE takes a whole key file.",
    ),
    config: list[str] | None = typer.Option(
        None, metavar="NAME=VALUE", help="A value of the connection's config; may be repeated."
    ),
    scope: list[str] | None = typer.Option(
        None,
        help="What a token that is obtained with the credentials is for; may be repeated.",
        show_default=False,
    ),
    oauth_client: str | None = typer.Option(
        None,
        metavar="NAME",
        help="The organization's OAuth client, where it has several.",
        show_default=False,
    ),
    end_user: str | None = typer.Option(
        None, metavar="ID", help="Your own identifier of the person it is kept for.", show_default=False
    ),
    workspace: UUID | None = typer.Option(
        None, metavar="ID", help="Where to; needed where the user belongs to several.", show_default=False
    ),
    data_dir: DataDir = None,
) -> None:
    """Make a connection that needs no redirect, and print {"connection_id"} as JSON.

    The credentials are tried first where the integration says how. Where they are to obtain a token (client
    credentials, service accounts, logins), it is obtained at once. For services with a sign-in of their own, use
    POST /api/v2/connections/authorize.
    """
    credentials = _read_credentials(field or [])
    values: dict[str, JsonValue] = dict(_named(text, "--config") for text in config or [])
    settings = settings_with(data_dir)
    with database_in_use(settings) as database:
        principal = operator_principal(database, user)
        made = asyncio.run(
            _create(
                _settings_of(settings, database),
                principal,
                workspace_id=workspace or _only_workspace(database, user),
                integration=integration,
                credentials=credentials,
                name=name,
                config=values,
                scopes=scope,
                oauth_client=oauth_client,
                end_user_id=end_user,
            )
        )
    print_json({"connection_id": made.id})


class _Wanted(TypedDict):
    workspace_id: UUID
    integration: str
    credentials: Mapping[str, JsonValue]
    name: str | None
    config: Mapping[str, JsonValue]
    scopes: Sequence[str] | None
    oauth_client: str | None
    end_user_id: str | None


async def _create(settings: Settings, principal: Principal, **wanted: Unpack[_Wanted]) -> Connection:
    # It brings the whole server along, for which no other command should wait.
    from portway.bootstrap import Gateway  # noqa: PLC0415

    async with Gateway(settings).running(maintenance=False) as gateway:
        return await gateway.connections.create(principal, **wanted)


def _settings_of(settings: Settings, database: DatabaseInUse) -> Settings:
    """The settings with the database that is meant, be it the embedded one."""
    return settings.model_copy(
        update={"database_url": SecretStr(database.app_url), "public_url": database.public_url}
    )


def _only_workspace(database: DatabaseInUse, email: str) -> UUID:
    with as_owner(database) as connection:
        rows = connection.execute(
            "SELECT w.id, w.name FROM public.workspace_members AS m JOIN public.workspaces AS w"
            " ON w.id = m.workspace_id WHERE m.user_id = %s ORDER BY w.id",
            [find_user(connection, email)],
        ).fetchall()
    match rows:
        case [(UUID() as only, _)]:
            return only
        case []:
            raise CommandFailed(f"{email} belongs to no workspace")
        case _:
            listed = ", ".join(f"{workspace_id} ({name})" for workspace_id, name in rows)
            raise CommandFailed(f"{email} belongs to several workspaces; choose with --workspace: {listed}")


def _read_credentials(fields: Sequence[str]) -> dict[str, JsonValue]:
    credentials: dict[str, JsonValue] = {}
    for text in fields:
        name, given = _named(text, "--field")
        if name in credentials:
            raise CommandFailed(f"--field {name} is there twice")
        value = _read_value(name, given)
        # The one member that is a number.
        credentials[name] = int(value) if name == "expires_in" and value.isdecimal() else value
    return credentials


def _read_value(name: str, given: str) -> str:
    if given == "-":
        return _without_line_end(sys.stdin.read())
    if given.startswith("@"):
        try:
            return _without_line_end(Path(given[1:]).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandFailed(f"--field {name}: cannot read {given[1:]}: {error}") from None
    return given


def _named(text: str, option: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise CommandFailed(f"{option}: give NAME=VALUE")
    return name, value


def _without_line_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
