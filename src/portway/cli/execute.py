"""`portway execute`."""

import json
import sys
from pathlib import Path
from uuid import UUID

import typer

from portway.cli.failure import CommandFailed
from portway.cli.gateway import required_gateway
from portway.cli.output import print_json
from portway.domain.json_value import JsonValue


def execute(
    connection_id: UUID = typer.Argument(metavar="CONNECTION_ID", help="The connection to use."),
    action: str = typer.Argument(metavar="ACTION", help="The action's slug, as in send-message."),
    parameters: str = typer.Option(
        "{}", metavar="JSON", help="The action's parameters: JSON, or @FILE, or @- for standard input."
    ),
    workspace: UUID | None = typer.Option(
        None,
        metavar="ID",
        help="The connection's workspace; without it, it is looked up.",
        show_default=False,
    ),
    idempotency_key: str | None = typer.Option(
        None,
        metavar="KEY",
        help="Repeating the command with the same key does not act twice.",
        show_default=False,
    ),
) -> None:
    """Run an action through the gateway at PORTWAY_URL, and print its answer as JSON.

    PORTWAY_API_KEY says who you are.
    """
    body = _read_parameters(parameters)
    gateway = required_gateway()
    if workspace is None:
        found = gateway.get(f"/api/v2/connections/{connection_id}")
        workspace_id = str(found.get("workspace_id"))
    else:
        workspace_id = str(workspace)
    answer = gateway.post(
        "/api/v2/execute",
        {
            "workspace_id": workspace_id,
            "connection_id": str(connection_id),
            "action": action,
            "parameters": body,
        },
        {"Idempotency-Key": idempotency_key} if idempotency_key else None,
    )
    print_json(answer)


def _read_parameters(text: str) -> dict[str, JsonValue]:
    if text == "@-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandFailed(f"--parameters: cannot read {text[1:]}: {error}") from None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise CommandFailed(f"--parameters: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise CommandFailed("--parameters: must be a JSON object")
    return value
