"""What a handler sees of an execution."""

import socket
from collections.abc import Mapping

from portway.application.executable_call import ExecutableCall
from portway.application.handlers.row_requests import RowRequests
from portway.application.ports.http import OutgoingRequest, StreamedResponse, UpstreamResponse


class HandlerContext(RowRequests):
    """The `ActionContext` of a call."""

    def __init__(self, call: ExecutableCall) -> None:
        super().__init__(call.grant.integration, call.grant.action, call.grant.connection.config)
        self._call = call

    @property
    def credential(self) -> Mapping[str, str]:
        # Where the gateway speaks the protocol itself, nobody else needs it.
        if self.integration.base_url.lower().startswith("http") or self._call.credential is None:
            return {}
        return self._call.credential.values

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        return await self._call.send(request)

    async def open(self, request: OutgoingRequest) -> StreamedResponse:
        return await self._call.open(request)

    async def send_elsewhere(self, request: OutgoingRequest) -> UpstreamResponse:
        return await self._call.send_elsewhere(request)

    async def connect(self, host: str, port: int) -> socket.socket:
        return await self._call.connect(host, port)
