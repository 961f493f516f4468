"""The operations of an OpenAPI document (3.x, or 2.0 made so), each found by the request that calls it."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from portway.application.ports.http import OutgoingRequest
from tests.catalog.openapi_schemas import Json, Schemas

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_PLACE = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True)
class Operation:
    """One method of one path. `servers` are URLs, perhaps with variables, perhaps without a host; `several` are the
    places that take several segments.
    """

    method: str
    path: str
    servers: tuple[str, ...]
    parameters: tuple[Json, ...]
    body: Json | None
    scopes: frozenset[str]
    several: frozenset[str]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the whole URL without its query; a group for each place of the path."""
        pieces = _PLACE.split(self.path)
        written = "".join(
            (r"(.+)" if piece in self.several else r"([^/]+)") if index % 2 else re.escape(piece)
            for index, piece in enumerate(pieces)
        )
        return re.compile(f"(?:{'|'.join(map(_server_pattern, self.servers))}){written}")

    @property
    def places(self) -> list[str]:
        """The names in the path, in order."""
        return _PLACE.findall(self.path)

    def named(self, place: str) -> dict[str, Json]:
        """The parameters in a place by name; headers in lower case."""
        found = {
            str(parameter["name"]): parameter for parameter in self.parameters if parameter["in"] == place
        }
        return {name.lower(): parameter for name, parameter in found.items()} if place == "header" else found

    def fitness(self, sent: AbstractSet[str]) -> tuple[bool, int]:
        """How well the names of a query fit: whether all that are required are there, and how many are known."""
        declared = self.named("query")
        required = {name for name, parameter in declared.items() if parameter.get("required")}
        return required <= sent, len(declared.keys() & sent)

    def is_called_by(self, request: OutgoingRequest) -> bool:
        # Most of thousands are told by their beginning, without a pattern.
        url = request.url.partition("?")[0]
        begins = self.path.partition("{")[0]
        return self.method == request.method and begins in url and bool(self.pattern.fullmatch(url))


class Operations:
    """All operations of a document; those with fewer places first: `/users/me` is no user's id."""

    def __init__(self, document: Json, schemas: Schemas, several: frozenset[str] = frozenset()) -> None:
        self._document = document
        self._schemas = schemas
        self._several = several
        self.all = sorted(self._read(), key=lambda operation: len(operation.places))

    def called_by(self, request: OutgoingRequest) -> Operation | None:
        """The operation that a request calls; of several with the same path (`/x#acl`) the one whose query fits."""
        found = [operation for operation in self.all if operation.is_called_by(request)]
        sent = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True)).keys()
        alike = [operation for operation in found if operation.path == found[0].path]
        return max(alike, key=lambda operation: operation.fitness(sent), default=None)

    def _read(self) -> Iterator[Operation]:
        for path, item in self._document["paths"].items():
            whole = self._schemas.resolve(item)
            for method in _METHODS:
                if method in whole:
                    yield self._operation(path, method, whole)

    def _operation(self, path: str, method: str, item: Json) -> Operation:
        entry = item[method]
        listed = [
            self._schemas.resolve(each)
            for each in (*item.get("parameters", ()), *entry.get("parameters", ()))
        ]
        parameters = {(each["in"], each["name"]): each for each in listed}
        servers = entry.get("servers") or item.get("servers") or self._document.get("servers")
        several = {str(each["name"]) for each in listed if each.get("x-multi-segment")}
        body = entry.get("requestBody")
        security = entry.get("security", self._document.get("security")) or []
        return Operation(
            method=method.upper(),
            path=re.split(r"[?#]", path)[0],
            servers=tuple(server["url"] for server in servers or [{"url": ""}]),
            parameters=tuple(parameters.values()),
            body=None if body is None else self._schemas.resolve(body),
            scopes=frozenset(scope for choice in security for scopes in choice.values() for scope in scopes),
            several=self._several | several,
        )


def _server_pattern(url: str) -> str:
    """A server as a pattern: https for http, any host where none is said, any value for a variable."""
    pieces = _PLACE.split(secure(url).rstrip("/"))
    written = "".join("[^/]+" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    return written if "://" in url or url.startswith("//") else f"https://[^/]+{written}"


def secure(url: str) -> str:
    """With https, where a document says http or leaves it open: `//api.example.com`."""
    return re.sub(r"^(http:)?//", "https://", url)
