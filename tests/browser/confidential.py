"""What no answer to a browser may have in it, and the search for it."""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import psycopg

from demo.standins import Credentials
from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.browser.recorder import Exchange

_SHORTEST = 8
"""Shorter ones are found in texts by accident."""
_SENT = ("password", "client_secret", "refresh_token", "access_token")
_COOKIES = ("portway_session", "portway_refresh", "portway_browser")
_KEYS = "/api/v2/api-keys"


class Confidential:
    """Grows while the tests go on: it learns from what a browser sends and from the cookies that it is given.

    `add` tells it of a secret that it cannot learn so.
    """

    def __init__(self, urls: DatabaseUrls, credentials: Credentials) -> None:
        self._urls = urls
        self._values: dict[str, str] = {}
        self._allowed: dict[str, int] = {}
        self._read = 0
        for name in ("client_secret", "slack_client_secret", "slack_token", "control_token"):
            self.add(f"the stand-ins' {name}", getattr(credentials, name))
        for role in ("app", "admin", "sign_in", "worker", "superuser"):
            self.add(f"the database password of {role}", urlsplit(getattr(urls, role)).password)
        for name, text in _spellings(urls.master_key_file):
            self.add(f"the master key in {name}", text)

    def add(self, name: str, value: str | None) -> None:
        """`name` is what a failure calls it."""
        if value and len(value) >= _SHORTEST:
            self._values.setdefault(value, name)

    def check(self, exchanges: list[Exchange]) -> None:
        """Fails on the first body or address that has one of them in it. `exchanges` is the whole record."""
        fresh = exchanges[self._read :]
        self._read = len(exchanges)
        for exchange in fresh:
            self._learn(exchange)
        self._learn_credentials()
        if not self._values:
            return
        pattern = re.compile(b"|".join(re.escape(value.encode()) for value in self._values))
        for exchange in fresh:
            for place, text in _texts(exchange):
                for found in pattern.findall(text):
                    value = found.decode()
                    assert self._allowed.get(value) == id(exchange), (
                        f"{self._values[value]} is in the {place} of {exchange.method} {exchange.path}"
                        f" ({exchange.status})"
                    )

    def _learn(self, exchange: Exchange) -> None:
        for name, value in _sent_secrets(exchange.request_json):
            self.add(f"the {name} sent to {exchange.path}", value)
        for line in exchange.all_headers("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if name in _COOKIES:
                    self.add(f"the cookie {name}", morsel.value)
        if (exchange.method, exchange.path, exchange.status) == ("POST", _KEYS, 201):
            key = exchange.json["api_key"]
            self.add("an API key", key)
            self._allowed[key] = id(exchange)

    def _learn_credentials(self) -> None:
        """What the services gave out, as the database keeps it encrypted."""
        with psycopg.connect(self._urls.superuser, autocommit=True) as connection:
            rows = connection.execute("SELECT app.read_secrets(id) FROM connections").fetchall()
        for (members,) in rows:
            for name, value in _strings(members or {}):
                if name not in ("username", "account_id", "email", "token_type"):
                    self.add(f"the credential member {name}", value)


def _sent_secrets(body: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(body, Mapping):
        return
    for name, value in body.items():
        if name in _SENT and isinstance(value, str):
            yield name, value
    credentials = body.get("credentials")
    if isinstance(credentials, Mapping):
        yield from ((name, value) for name, value in _strings(credentials) if name != "username")


def _strings(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in members.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, Mapping):
            yield from _strings(value)


def _texts(exchange: Exchange) -> Iterable[tuple[str, bytes]]:
    yield "address", exchange.target.encode()
    yield "address", unquote_plus(exchange.target).encode()
    yield "redirect", exchange.header("location").encode()
    yield "body", exchange.body


def _spellings(key_file: Path) -> Iterator[tuple[str, str]]:
    key = key_file.read_bytes()
    yield "hex", key.hex()
    yield "base64", base64.b64encode(key).decode().rstrip("=")
    yield "base64url", base64.urlsafe_b64encode(key).decode().rstrip("=")
