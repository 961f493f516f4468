"""Whether what a row says of places, styles and bodies makes sense."""

from collections.abc import Mapping

from portway.application.language.transform_config import (
    Body,
    FormBody,
    JsonBody,
    Location,
    MultipartBody,
    MultipartRelatedBody,
    NoBody,
    RawBody,
    XmlBody,
)
from portway.application.requests.header_fields import header_name, is_content_type, is_token
from portway.application.requests.parameter_styles import (
    COOKIE_STYLES,
    HEADER_STYLES,
    PATH_STYLES,
    QUERY_STYLES,
)
from portway.application.requests.url_template import EndpointTemplate
from portway.application.requests.xml_document import check_xml_root
from portway.domain.action import Action
from portway.domain.errors import InvalidIntegrationConfig

_STYLES = {
    "path": PATH_STYLES,
    "query": QUERY_STYLES,
    "header": HEADER_STYLES,
    "cookie": COOKIE_STYLES,
    "body": QUERY_STYLES,
}


def check_location(name: str, location: Location, template: EndpointTemplate, body: Body) -> None:
    """Raises InvalidIntegrationConfig for a place, or what is said of it, that this parameter cannot have."""
    where = f"transform_config.locations.{name}"
    if (location.place == "path") != (name in template.names):
        reality = "names" if name in template.names else "lacks"
        raise InvalidIntegrationConfig(f"{where} is {location.place!r}, but endpoint_path {reality} it.")
    if location.place == "body" and isinstance(body, NoBody):
        raise InvalidIntegrationConfig(f"{where} is 'body', but transform_config.body is none.")
    if location.place == "header":
        header_name(location.name or name)
    if location.place == "cookie" and not is_token(location.name or name):
        raise InvalidIntegrationConfig(f"{where}: {location.name or name!r} is not a cookie name.")
    _check_style(where, name, location, template, body)
    if location.allow_reserved and location.place != "query":
        raise InvalidIntegrationConfig(f"{where}.allow_reserved is for a query.")
    if location.content_type is not None:
        _check_part_type(where, name, location, body)


def _check_style(where: str, name: str, location: Location, template: EndpointTemplate, body: Body) -> None:
    if location.style is None and location.explode is None:
        return
    if location.place == "path" and name not in template.segments:
        raise InvalidIntegrationConfig(
            f"{where}.style is for a `{{name}}` in the path, which is not what endpoint_path has."
        )
    if location.place == "body" and not isinstance(body, FormBody | MultipartBody):
        raise InvalidIntegrationConfig(f"{where}.style is for a form or multipart body.")
    if location.style is not None and location.style not in _STYLES[location.place]:
        known = ", ".join(sorted(_STYLES[location.place]))
        raise InvalidIntegrationConfig(f"{where}.style must be one of {known} for a {location.place}.")


def _check_part_type(where: str, name: str, location: Location, body: Body) -> None:
    is_part = isinstance(body, MultipartBody) or (
        isinstance(body, MultipartRelatedBody) and name == body.file
    )
    if location.place != "body" or not is_part:
        raise InvalidIntegrationConfig(f"{where}.content_type is for a part of a multipart body.")
    if not is_content_type(location.content_type or ""):
        raise InvalidIntegrationConfig(f"{where}.content_type is not a media type.")


def check_body(action: Action, body: Body, locations: Mapping[str, Location], default: Location) -> None:
    """Raises InvalidIntegrationConfig for a body that the action can never have, or not as it is described."""
    if isinstance(body, JsonBody | RawBody | XmlBody) and not is_content_type(body.content_type):
        raise InvalidIntegrationConfig("transform_config.body.content_type is not a media type.")
    if isinstance(body, XmlBody):
        check_xml_root(body.root, body.attributes)
    if default.place != "body" and all(location.place != "body" for location in locations.values()):
        # What an integration says is for its actions that have a body.
        if "body" in action.transform_config and not isinstance(body, NoBody):
            raise InvalidIntegrationConfig(
                f"transform_config.body: a {action.http_method.upper()} has no body, unless "
                "transform_config.locations says so of a parameter."
            )
        return
    for member, names in _named_by(body).items():
        for name in names:
            if (place := locations.get(name, default).place) != "body":
                raise InvalidIntegrationConfig(
                    f"transform_config.body.{member} names {name!r}, which goes into the {place}."
                )


def _named_by(body: Body) -> dict[str, tuple[str, ...]]:
    """The parameters that a body names, by the member that does."""
    if isinstance(body, JsonBody):
        return {"parameter": (body.parameter,)} if body.parameter is not None else {}
    if isinstance(body, MultipartBody):
        return {"files": body.files}
    if isinstance(body, RawBody | MultipartRelatedBody):
        return {"file": (body.file,)}
    return {}
