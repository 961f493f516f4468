"""An answer of the service that a handler needs for its next step."""

from portway.application.ports.http import UpstreamResponse
from portway.application.responses.response_mapping import map_response, raise_for_status
from portway.domain.errors import UpstreamInvalidResponse
from portway.domain.json_value import JsonObject


def json_object(response: UpstreamResponse) -> JsonObject:
    """The body of a success. Raises UpstreamError for another status, UpstreamInvalidResponse for no JSON object."""
    raise_for_status(response)
    body = map_response(response)
    if not isinstance(body, dict):
        raise UpstreamInvalidResponse("The service's answer is no JSON object.")
    return body
