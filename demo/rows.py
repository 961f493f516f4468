"""Rows of the catalog, written by SQL as the database's owner while the gateway runs."""

import json
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from demo.standins import Addresses, Credentials


@dataclass(frozen=True, slots=True)
class Redirection:
    """What of a shipped integration is changed for the demonstration: where its service is."""

    slug: str
    base_url: str
    endpoints: dict[str, str]


UPDATE = """
UPDATE integrations SET base_url = %(base_url)s, auth_config = auth_config || %(endpoints)s::jsonb
WHERE slug = %(slug)s AND shipped
"""

INSERT_INTEGRATION = """
INSERT INTO integrations (name, slug, base_url, auth_type)
VALUES ('Team chat', 'team-chat', %(base_url)s, 'bearer')
"""

INSERT_ACTION = """
INSERT INTO actions (integration_id, name, slug, http_method, endpoint_path)
SELECT id, 'Post', 'post', 'POST', '/chat.postMessage' FROM integrations WHERE slug = 'team-chat'
"""


def redirections(addresses: Addresses) -> list[Redirection]:
    """What points the shipped integrations at the stand-ins; all else about them stays as shipped."""
    google = {
        "issuer": addresses.issuer,
        "authorization_url": addresses.authorization_url,
        "token_url": addresses.token_url,
        "revocation_url": addresses.revocation_url,
    }
    slack = {"authorization_url": addresses.slack_authorization_url, "token_url": addresses.slack_token_url}
    return [
        Redirection("gmail", addresses.gmail_base_url, google),
        Redirection("google-drive", addresses.drive_base_url, google),
        Redirection("google-sheets", addresses.sheets_base_url, google),
        Redirection("slack", slack_api(addresses), slack),
    ]


def slack_api(addresses: Addresses) -> str:
    """The base URL of Slack's methods."""
    return f"{addresses.slack_base_url}/api"


def client_environment(credentials: Credentials) -> dict[str, str]:
    """The variables in which the shipped integrations look for their OAuth clients."""
    google = {
        f"{name}_{part}": value
        for name in ("GMAIL", "GOOGLE_DRIVE", "GOOGLE_SHEETS")
        for part, value in (
            ("CLIENT_ID", credentials.client_id),
            ("CLIENT_SECRET", credentials.client_secret),
        )
    }
    return google | {
        "SLACK_CLIENT_ID": credentials.slack_client_id,
        "SLACK_CLIENT_SECRET": credentials.slack_client_secret,
    }


def redirect(admin_url: str, changes: list[Redirection]) -> int:
    """Applies the changes; how many rows there were to change."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        return sum(
            connection.execute(
                UPDATE,
                {
                    "slug": change.slug,
                    "base_url": change.base_url,
                    "endpoints": json.dumps(change.endpoints),
                },
            ).rowcount
            for change in changes
        )


def insert(admin_url: str, *statements: LiteralString, base_url: str | None = None) -> None:
    """Runs the statements in one transaction."""
    with psycopg.connect(admin_url) as connection:
        for statement in statements:
            connection.execute(statement, {"base_url": base_url})
