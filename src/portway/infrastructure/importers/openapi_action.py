"""An action in the making: its parameters, each with a name of its own and its place in the request."""

from dataclasses import dataclass, field
from typing import Any

from portway.infrastructure.importers.openapi_document import Json

_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class ActionDraft:
    """`default_place` is where a parameter without a location goes. `operations` are those of `transform_config`,
    `pagination` is a guess.
    """

    method: str
    endpoint_path: str
    default_place: str
    properties: Json = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    alternatives: list[Json] = field(default_factory=list)
    additional: Any = False
    locations: Json = field(default_factory=dict)
    operations: list[Json] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: Json | None = None
    response: Json = field(default_factory=dict)
    pagination: Json | None = None
    guesses: list[tuple[str, str]] = field(default_factory=list)
    service_names: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(
        self, place: str, service_name: str, schema: Json, *, required: bool = False, **written: Any
    ) -> str:
        """Adds a parameter that the service calls `service_name`, and returns what the action calls it.

        `written` are the members of its location but for `in` and `name`.
        """
        name = self._free_name(place, service_name)
        self.properties[name] = schema
        self.service_names[place, service_name] = name
        if required:
            self.required.append(name)
        location = {"in": place, **written} | ({"name": service_name} if name != service_name else {})
        if place == "path" and not written:
            return name
        if len(location) > 1:
            self.locations[name] = location
        elif place != self.default_place:
            self.locations[name] = place
        return name

    def guess(self, pointer: str, reason: str) -> None:
        """What the document does not say of the member at `pointer`."""
        self.guesses.append((pointer, reason))

    def transform_config(self) -> Json:
        """The document of the action, with what is not the default."""
        document = {
            "parameters": self.operations,
            "locations": self.locations,
            "headers": self.headers,
            "body": self.body,
            "response": self.response,
            "pagination": self.pagination,
        }
        return {name: value for name, value in document.items() if value}

    def request_schema(self, definitions: Json) -> Json:
        """The schema of the parameters, with the `definitions` that they refer to."""
        schema: Json = {"type": "object", "properties": self.properties}
        if self.required:
            schema["required"] = list(dict.fromkeys(self.required))
        if self.additional is not True:
            schema["additionalProperties"] = self.additional
        if len(self.alternatives) == 1:
            schema |= self.alternatives[0]
        elif self.alternatives:
            schema["allOf"] = self.alternatives
        return schema | ({"$defs": definitions} if definitions else {})

    def _free_name(self, place: str, service_name: str) -> str:
        """The service's own name, with the place in front where another parameter has it."""
        name = service_name if service_name not in self.properties else f"{place}_{service_name}"
        number = 2
        while name in self.properties:
            name, number = f"{place}_{service_name}_{number}", number + 1
        return name


def default_place(method: str, *, has_body: bool) -> str:
    """Where parameters go that have no location (see docs/reference/requests.md)."""
    return "body" if has_body and method not in _WITHOUT_BODY else "query"


def may_have_body(method: str) -> bool:
    """Whether the method has a body by default."""
    return method not in _WITHOUT_BODY
