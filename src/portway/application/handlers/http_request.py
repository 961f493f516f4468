"""`http-request`: any request under an integration's `base_url`, for whatever has no action of its own."""

from portway.application.handlers.action_handler import ActionContext, QueryValue
from portway.application.ports.http import StreamedResponse
from portway.application.requests.base64_content import decode_base64
from portway.domain.errors import Fault, InvalidParameters
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.parameter_pointer import parameter_pointer


async def http_request(context: ActionContext, parameters: JsonObject) -> StreamedResponse:
    """Sends it. Raises InvalidParameters for a path or header that leaves its place, for two bodies, and no base64."""
    method, path = parameters.get("method", "GET"), parameters.get("path")
    if "body" in parameters and "body_base64" in parameters:
        raise InvalidParameters([Fault(parameter_pointer("body_base64"), "excludes `body`.")])
    content = parameters.get("body_base64")
    request = context.request(
        str(method),
        str(path),
        query={name: _query_value(value) for name, value in _members(parameters, "query").items()},
        headers={name: str(value) for name, value in _members(parameters, "headers").items()},
        json=parameters.get("body"),
        body=None if content is None else decode_base64(content, parameter_pointer("body_base64")),
    )
    return await context.open(request)


def _members(parameters: JsonObject, name: str) -> JsonObject:
    value = parameters.get(name)
    return value if isinstance(value, dict) else {}


def _query_value(value: JsonValue) -> QueryValue:
    """The action's schema has only scalars and lists of them here."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, str | int | float | bool)]
    return None if isinstance(value, dict) else value
