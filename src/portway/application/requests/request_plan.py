"""What a row says of its requests, whatever the parameters: worked out once for each version of the row."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from portway.application.language.documents import action_config
from portway.application.language.transform_config import (
    GraphqlBody,
    Location,
    NoBody,
    TransformConfig,
    XmlBody,
)
from portway.application.requests.header_fields import header_name, is_header_value
from portway.application.requests.parameter_styles import (
    COOKIE_STYLES,
    HEADER_STYLES,
    PATH_STYLES,
    QUERY_STYLES,
)
from portway.application.requests.url_template import EndpointTemplate, parse_endpoint
from portway.application.requests.xml_document import check_xml_root
from portway.domain.action import Action
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import Integration
from portway.domain.rules.parameter_transform import written_as

QUERY_METHODS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
METHODS = QUERY_METHODS | {"POST", "PUT", "PATCH"}

_STYLES = {
    "path": PATH_STYLES,
    "query": QUERY_STYLES,
    "header": HEADER_STYLES,
    "cookie": COOKIE_STYLES,
    "body": QUERY_STYLES,
}
_MAX_KEPT = 4096
_kept: OrderedDict[tuple[UUID, int, UUID, int], "RequestPlan"] = OrderedDict()


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """`default` is the place of a parameter that has none of its own; `has_body_parameters`: the schema knows some."""

    method: str
    template: EndpointTemplate
    config: TransformConfig
    locations: Mapping[str, Location]
    default: str
    accept: str
    has_body_parameters: bool

    def place(self, name: str) -> str:
        """Where the parameter goes."""
        if name in self.template.names:
            return "path"
        location = self.locations.get(name)
        return location.place if location is not None else self.default


def request_plan(integration: Integration, action: Action) -> RequestPlan:
    """The plan of an action. Raises InvalidIntegrationConfig, which names the member."""
    key = (integration.id, integration.version, action.id, action.version)
    plan = _kept.get(key)
    if plan is None:
        plan = _kept[key] = _plan(action, action_config(integration, action))
        if len(_kept) > _MAX_KEPT:
            _kept.popitem(last=False)
    return plan


def _plan(action: Action, config: TransformConfig) -> RequestPlan:
    method = action.http_method.upper()
    if method not in METHODS:
        raise InvalidIntegrationConfig(f"http_method must be one of {', '.join(sorted(METHODS))}.")
    template = parse_endpoint(action.endpoint_path)
    locations = {
        name: Location(location) if isinstance(location, str) else location
        for name, location in config.locations.items()
    }
    for name, location in locations.items():
        _check_location(name, location, template)
    for name in config.headers:
        header_name(name)
    if isinstance(config.body, XmlBody):
        check_xml_root(config.body.root, config.body.attributes)
    has_body = method not in QUERY_METHODS and not isinstance(config.body, NoBody)
    plan = RequestPlan(
        method=method,
        template=template,
        config=config,
        locations=locations,
        default="body" if has_body else "query",
        accept=_accept(config),
        has_body_parameters=False,
    )
    return _with_body_parameters(plan, action)


def _with_body_parameters(plan: RequestPlan, action: Action) -> RequestPlan:
    """Whether a request may be expected to have a body, even when the caller gives no parameter for it."""
    properties = action.request_schema.get("properties")
    if not isinstance(properties, dict):
        return plan
    final = {name: name for name in properties}
    for operation in plan.config.parameters:
        target = getattr(operation, "to", None) or getattr(operation, "parameter", None)
        if isinstance(target, str):
            top = target.split("/")[1] if target.startswith("/") else target
            written = written_as(plan.config.parameters, top)
            if written in final:
                final[written] = top
    if not any(plan.place(name) == "body" for name in final.values()):
        return plan
    return RequestPlan(
        plan.method,
        plan.template,
        plan.config,
        plan.locations,
        plan.default,
        plan.accept,
        has_body_parameters=True,
    )


def _check_location(name: str, location: Location, template: EndpointTemplate) -> None:
    where = f"transform_config.locations.{name}"
    if (location.place == "path") != (name in template.names):
        reality = "names" if name in template.names else "lacks"
        raise InvalidIntegrationConfig(f"{where} is {location.place!r}, but endpoint_path {reality} it.")
    if location.style is not None and location.style not in _STYLES[location.place]:
        known = ", ".join(sorted(_STYLES[location.place]))
        raise InvalidIntegrationConfig(f"{where}.style must be one of {known} for a {location.place}.")
    if location.place == "header":
        header_name(location.name or name)
    if location.content_type is not None and not is_header_value(location.content_type):
        raise InvalidIntegrationConfig(f"{where}.content_type has a control character.")


def _accept(config: TransformConfig) -> str:
    if isinstance(config.body, GraphqlBody):
        return "application/graphql-response+json, application/json"
    if config.response.format == "xml":
        return "application/xml, text/xml"
    return "application/json" if config.response.format in ("auto", "json") else "*/*"
