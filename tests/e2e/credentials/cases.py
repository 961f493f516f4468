"""The table: one case for each way in which a service recognizes its caller. `cases/*.yaml` holds its rows."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

_TABLE = Path(__file__).parent / "cases"
# `$name` in a text of a case; `{name}` is the row's own language.
_PLACEHOLDER = re.compile(r"\$([a-z_0-9]+(?:\.[a-z_]+)*)")


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must not connect, and the answer to it. Without `credentials` or `secret`, it is the row that does not."""

    code: str = ""
    status: int = 0
    says: str = ""
    credentials: Mapping[str, Any] = {}
    secret: str | None = None


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One service.

    `credentials` are what somebody enters; without them, they connect by redirect. `client` names the OAuth client
    that the organization set, as `client_name`; with `everybodys`, the row is a global one. `sees` are members of the
    service's answer: whom it took the caller for; without them, nobody gets in. `connection` are members of the
    connection as the API shows it. `lifetime` is the token's in seconds, None where it has no known end. `renews`: a
    new token is had when the old one is due, and when it is refused early. `vendor` has a clock of its own. `revokes`:
    deleting the connection ends the tokens. `lasts`: no way to renew, so that a refused token is the end.
    `more_scopes`: what a second action needs and the connection lacks at first.
    """

    name: str
    auth_type: str
    auth_config: dict[str, Any] = {}
    base_url: str = "$api/bearer"
    method: Literal["GET", "POST"] = "GET"
    path: str = "/whoami"
    parameters: dict[str, Any] = {}
    transform_config: dict[str, Any] = {}
    client: str | None = None
    client_name: str = "default"
    everybodys: bool = False
    config: dict[str, Any] = {}
    credentials: dict[str, Any] | None = None
    sees: dict[str, Any] = {}
    connection: dict[str, Any] = {}
    lifetime: float | None = None
    renews: tuple[Literal["due", "refused"], ...] = ()
    margin: float | None = None
    vendor: str | None = None
    lasts: bool = False
    revokes: bool = False
    more_scopes: tuple[str, ...] = ()
    refused: Refusal | None = None
    denied: bool = False

    @property
    def connects(self) -> bool:
        """Some are there to be refused."""
        return bool(self.sees)

    @property
    def by_redirect(self) -> bool:
        return self.credentials is None

    def filled(self, values: Mapping[str, Any]) -> "Case":
        """With the addresses and secrets of a run in place of `$name`."""
        return msgspec.convert(_filled(msgspec.to_builtins(self), values), Case)


def read_table() -> list[Case]:
    """All cases, by file and in their order there. A name that stands twice is a mistake."""
    cases = [
        msgspec.convert({"name": f"{file.stem}-{name}", **case}, Case)
        for file in sorted(_TABLE.glob("*.yaml"))
        for name, case in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    ]
    assert len({case.name for case in cases}) == len(cases)
    return cases


def _filled(part: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(part, dict):
        return {name: _filled(item, values) for name, item in part.items()}
    if isinstance(part, list):
        return [_filled(item, values) for item in part]
    if not isinstance(part, str):
        return part
    return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), part)
