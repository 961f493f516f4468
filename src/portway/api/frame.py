"""What stands around every request, whoever answers it."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portway.api.metrics import RequestMetrics
from portway.api.problems import problem_at_last
from portway.api.request_id import NAME, current_request_id, give_request_id, request_id_of
from portway.api.response_headers import DefaultFields


class Frame:
    """Gives each request an id and each answer that id and the default header fields; counts and times the requests.

    Where an application fails before its answer began, it answers 500, and keeps the server out of it. One wrapper for
    all of that: each costs every message of an execution.
    """

    def __init__(self, app: ASGIApp, metrics: RequestMetrics, *, https: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._fields = DefaultFields(https=https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = give_request_id(scope)
        token = current_request_id.set(request_id_of(scope))
        status, complete = 0, False

        async def send_framed(message: Message) -> None:
            nonlocal status, complete
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*self._fields.beside(message.get("headers", ())), (NAME, request_id)]
            elif not message.get("more_body", False):
                complete = True
            await send(message)

        try:
            await self._app(scope, receive, send_framed)
        except Exception as error:  # noqa: BLE001 - this is where they end
            problem = problem_at_last(scope, error, started=status > 0)
            if not status:
                await problem.response()(scope, receive, send_framed)
            elif not complete:
                raise _CutOff from None
        finally:
            self._metrics.observe(scope, status or 500, time.perf_counter() - began)
            current_request_id.reset(token)


class _CutOff(Exception):
    """The application failed in the middle of its answer; the connection must be closed, so that it looks cut off."""
