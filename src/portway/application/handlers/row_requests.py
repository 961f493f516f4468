"""The requests that a handler makes for its row, whoever sends them."""

from collections.abc import Mapping

from portway.application.handlers.action_handler import QueryValue
from portway.application.ports.http import OutgoingRequest, StreamedBody
from portway.application.requests.direct_request import direct_request
from portway.application.requests.request_builder import build_request
from portway.domain.action import Action
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject, JsonValue


class RowRequests:
    """The part of an `ActionContext` that needs no network."""

    def __init__(self, integration: Integration, action: Action, config: JsonObject) -> None:
        self.integration = integration
        self.action = action
        self.config = config

    def build(self, parameters: JsonObject) -> OutgoingRequest:
        return build_request(self.integration, self.action, parameters, self.config)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, QueryValue] | None = None,
        headers: Mapping[str, str] | None = None,
        json: JsonValue = None,
        body: bytes | StreamedBody | None = None,
    ) -> OutgoingRequest:
        return direct_request(
            self.integration, self.config, method, path, query=query, headers=headers, json=json, body=body
        )
