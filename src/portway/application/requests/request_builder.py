"""From an action's row and its parameters to the request. Pure, and no credential comes near it.

A parameter goes where `endpoint_path` names it; else where `transform_config.locations` says; else into the query
for GET, HEAD, DELETE and OPTIONS, and into the body for the other methods.
"""

from portway.application.language.documents import read_action_config
from portway.application.language.transform_config import Location
from portway.application.ports.http import OutgoingRequest, StreamedBody
from portway.application.requests.body_encodings import BodyParameters, encode_body
from portway.application.requests.faults import Faults
from portway.application.requests.header_fields import is_header_value
from portway.application.requests.named_pairs import NamedPairs
from portway.application.requests.parameter_styles import header_text, path_segment
from portway.application.requests.request_plan import RequestPlan, plan_of, request_plan
from portway.application.requests.scalar_text import RefusedError, percent_encoded, text_of
from portway.application.requests.url_template import EncodedSegment, UnusableValueError, integration_base
from portway.domain.action import Action
from portway.domain.errors import InvalidIntegrationConfig, InvalidParameters
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject, JsonValue


def build_request(
    integration: Integration, action: Action, parameters: JsonObject, config: JsonObject
) -> OutgoingRequest:
    """The request for `parameters`, which `transform_parameters` has been applied to already.

    `config` holds the connection's own values for `base_url` and headers. Raises InvalidIntegrationConfig, which
    says where, for a broken row, and InvalidParameters with one fault for each parameter that does not fit its
    place.
    """
    base = integration_base(integration, config)
    plan = request_plan(integration, action)
    try:
        draft = _Draft(plan, config)
        for name, value in parameters.items():
            draft.place(name, value)
        return draft.request(base)
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(f"Action {action.slug!r}: {error.detail}") from None


def check_request_building(integration: Integration, action: Action) -> None:
    """Raises InvalidIntegrationConfig for a row that makes no request, whatever the parameters."""
    plan_of(action, read_action_config(integration, action))


class _Draft:
    """A request in the making."""

    __slots__ = ("body", "cookies", "faults", "headers", "in_template", "plan", "query")

    def __init__(self, plan: RequestPlan, config: JsonObject) -> None:
        self.plan = plan
        self.headers = plan.headers.fill(config)
        self.in_template: dict[str, str] = {}
        self.query = NamedPairs(percent_encoded, plan.fixed_query)
        self.cookies = NamedPairs(percent_encoded)
        self.body: dict[str, JsonValue] = {}
        self.faults = Faults(plan.config.parameters)

    def place(self, name: str, value: JsonValue) -> None:
        """Puts a parameter into its place; null only into a body."""
        location = self.plan.location(name)
        if location.place == "body":
            self.body[name] = value
            return
        if value is None:
            return
        service_name = self.plan.renames.get(name, name)
        try:
            match location.place:
                case "path":
                    self.in_template[name] = _in_path(service_name, value, location)
                case "query":
                    self.query.add(service_name, value, location)
                case "header":
                    self._into_header(service_name.lower(), value, location)
                case "cookie":
                    self.cookies.add(service_name, value, location)
        except RefusedError as refused:
            self.faults.refuse(name, refused.reason)

    def request(self, base: str) -> OutgoingRequest:
        """The request. Raises InvalidParameters with all that is wrong."""
        path, query = self._expand()
        body = self._encoded_body()
        if self.faults.found:
            raise InvalidParameters(self.faults.found)
        if self.cookies.written:
            fixed = [self.headers["cookie"]] if self.headers.get("cookie") else []
            self.headers["cookie"] = "; ".join([*fixed, *self.cookies.written])
        query = "&".join(filter(None, (query, *self.query.written)))
        root = "" if path or base.count("/") > 2 else "/"
        url = f"{base}{root}{path}{'?' if query else ''}{query}"
        return OutgoingRequest(self.plan.method, url, self.headers, body)

    def _expand(self) -> tuple[str, str]:
        """Path and query of the template, empty where a value for them is missing or unusable."""
        template = self.plan.template
        if missing := template.names - self.in_template.keys():
            for name in sorted(missing):
                self.faults.refuse(name, "is required in the path")
            return "", ""
        try:
            return template.expand_path(self.in_template), template.expand_query(self.in_template)
        except UnusableValueError as unusable:
            self.faults.refuse(unusable.name, unusable.reason)
            return "", ""

    def _encoded_body(self) -> bytes | StreamedBody | None:
        """The body, and its content type among the headers unless the row sets another."""
        if not self.body and not self.plan.expects_body:
            return None
        encoded = encode_body(self.plan.config.body, BodyParameters(self.body, self.plan, self.faults))
        if encoded is None:
            return None
        if encoded.content_type.startswith("multipart/"):
            self.headers["content-type"] = encoded.content_type  # it names the boundary
        else:
            self.headers.setdefault("content-type", encoded.content_type)
        return encoded.content

    def _into_header(self, name: str, value: JsonValue, location: Location) -> None:
        if location.style is None:
            text: str | None = text_of(value)
        else:
            text = header_text(value, location.style, location.explode is True)
        if text is None:
            return
        if not is_header_value(text):
            raise RefusedError(
                "must not contain line breaks or other control characters, it is sent as a header"
            )
        self.headers[name] = text.strip(" \t")


def _in_path(name: str, value: JsonValue, location: Location) -> str:
    if location.style is None:
        return text_of(value)
    segment = path_segment(name, value, location.style, location.explode is True)
    if not segment:
        raise RefusedError("must not be empty, it is part of the path")
    return EncodedSegment(segment)
