"""What a handler sees of an execution."""

import socket
from collections.abc import Mapping

from portway.application.executable_call import ExecutableCall
from portway.application.handlers.action_handler import QueryValue
from portway.application.ports.http import OutgoingRequest, StreamedBody, StreamedResponse, UpstreamResponse
from portway.application.requests.direct_request import direct_request
from portway.application.requests.request_builder import build_request
from portway.domain.json_value import JsonObject, JsonValue


class HandlerContext:
    """The `ActionContext` of a call."""

    __slots__ = ("_call", "action", "config", "integration")

    def __init__(self, call: ExecutableCall) -> None:
        self.integration = call.grant.integration
        self.action = call.grant.action
        self.config = call.grant.connection.config
        self._call = call

    @property
    def credential(self) -> Mapping[str, str]:
        # Where the gateway speaks the protocol itself, nobody else needs it.
        if self.integration.base_url.lower().startswith("http") or self._call.credential is None:
            return {}
        return self._call.credential.values

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

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        return await self._call.send(request)

    async def open(self, request: OutgoingRequest) -> StreamedResponse:
        return await self._call.open(request)

    async def send_elsewhere(self, request: OutgoingRequest) -> UpstreamResponse:
        return await self._call.send_elsewhere(request)

    async def connect(self, host: str, port: int) -> socket.socket:
        return await self._call.connect(host, port)
