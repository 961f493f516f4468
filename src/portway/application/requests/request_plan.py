"""What a row says of its requests, whatever the parameters: worked out once for each version of the row."""

from dataclasses import dataclass

import msgspec

from portway.application.language.documents import action_config
from portway.application.language.transform_config import (
    FormBody,
    GraphqlBody,
    Location,
    MultipartRelatedBody,
    NoBody,
    QueryDefaults,
    RawBody,
    TransformConfig,
    XmlBody,
)
from portway.application.per_version import PerVersion
from portway.application.requests.constant_headers import ConstantHeaders
from portway.application.requests.row_checks import check_body, check_location
from portway.application.requests.scalar_text import percent_encoded
from portway.application.requests.url_template import EndpointTemplate, parse_endpoint
from portway.domain.action import Action
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import Integration
from portway.domain.operation import Move, Nest, Remove, Rename
from portway.domain.rules.parameter_transform import transform_parameters

_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_METHODS = _WITHOUT_BODY | {"POST", "PUT", "PATCH"}

_ALWAYS_SENT = GraphqlBody | XmlBody | RawBody | MultipartRelatedBody


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """`locations` are those of the parameters that have one of their own, with the styles of the row in them; `default`
    is that of the others. `renames`: what the service calls a parameter, where it is another name. `fixed_query`: the
    names that `endpoint_path` sets, encoded. `expects_body`: a body is sent even when no parameter is in it.
    """

    method: str
    template: EndpointTemplate
    fixed_query: frozenset[str]
    config: TransformConfig
    headers: ConstantHeaders
    locations: dict[str, Location]
    default: Location
    renames: dict[str, str]
    expects_body: bool

    def location(self, name: str) -> Location:
        """Where the parameter goes, and how it is written there."""
        return self.locations.get(name, self.default)


_PLANS: PerVersion[RequestPlan] = PerVersion()


def request_plan(integration: Integration, action: Action) -> RequestPlan:
    """The plan of a stored action. Raises InvalidIntegrationConfig, which names row and member."""
    key = (integration.id.int, integration.version, action.id.int, action.version)
    return _PLANS.get(key, lambda: plan_of(action, action_config(integration, action)))


def plan_of(action: Action, config: TransformConfig) -> RequestPlan:
    """The same for any action, with what holds for it. Raises InvalidIntegrationConfig."""
    try:
        return _plan(action, config)
    except InvalidIntegrationConfig as error:
        raise InvalidIntegrationConfig(f"Action {action.slug!r}: {error.detail}") from None


def _plan(action: Action, config: TransformConfig) -> RequestPlan:
    method = action.http_method.upper()
    if method not in _METHODS:
        raise InvalidIntegrationConfig(f"http_method must be one of {', '.join(sorted(_METHODS))}.")
    template = parse_endpoint(action.endpoint_path)
    has_body = method not in _WITHOUT_BODY and not isinstance(config.body, NoBody)
    default = Location("body" if has_body else "query")
    locations = {name: Location("path") for name in template.names}
    for name, said in config.locations.items():
        location = Location(said) if isinstance(said, str) else said
        check_location(name, location, template, config.body)
        locations[name] = _with_style(location, config)
    check_body(action, config.body, locations, default)
    return RequestPlan(
        method=method,
        template=template,
        fixed_query=frozenset(map(percent_encoded, template.fixed_query)),
        config=config,
        headers=ConstantHeaders(config.headers, accept=_accept(config)),
        locations=locations,
        default=_with_style(default, config),
        renames={name: location.name for name, location in locations.items() if location.name},
        expects_body=has_body
        and (isinstance(config.body, _ALWAYS_SENT) or _knows_body_parameters(action, config, locations)),
    )


def _with_style(location: Location, config: TransformConfig) -> Location:
    """The location with the style that is meant. None stays where nothing is said of it (see `members`)."""
    if location.style is not None:
        return location
    said = _style_of_all(location, config)
    usual = said.style if said is not None else "simple" if location.place in ("path", "header") else "form"
    explode = said.explode if said is not None and location.explode is None else location.explode
    style = None if usual in ("form", "simple") and explode is None else usual
    return msgspec.structs.replace(location, style=style, explode=explode)


def _style_of_all(location: Location, config: TransformConfig) -> QueryDefaults | FormBody | None:
    """What the row says of the parameters in a place that have no style of their own."""
    if location.place == "query":
        return config.query
    return config.body if location.place == "body" and isinstance(config.body, FormBody) else None


def _knows_body_parameters(action: Action, config: TransformConfig, locations: dict[str, Location]) -> bool:
    """Whether the schema has parameters for the body: a service that parses a body refuses a missing one, and one that
    expects none may refuse an empty one.
    """
    properties = action.request_schema.get("properties")
    if not isinstance(properties, dict):
        return False
    moves = [step for step in config.parameters if isinstance(step, Rename | Move | Nest | Remove)]
    names = transform_parameters({name: {} for name in properties}, moves)
    return any(name not in locations or locations[name].place == "body" for name in names)


def _accept(config: TransformConfig) -> str:
    form = config.response.format
    if isinstance(config.body, GraphqlBody):
        return "application/graphql-response+json, application/json"
    if form == "xml" or (form == "auto" and isinstance(config.body, XmlBody)):
        return "application/xml, text/xml"
    return "application/json" if form in ("auto", "json") else "*/*"
