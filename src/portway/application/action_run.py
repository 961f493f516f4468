"""Runs a permitted action: its row's requests, page after page, or its handler."""

import asyncio

from msgspec.structs import replace

from portway.application.executable_call import ExecutableCall
from portway.application.execution_outcome import Outcome
from portway.application.handler_context import HandlerContext
from portway.application.handlers.action_handler import ActionHandler, Answer
from portway.application.language.transform_config import GraphqlBody
from portway.application.ports.http import OutgoingRequest, StreamedResponse, UpstreamResponse
from portway.application.requests.request_builder import build_request
from portway.application.responses.pagination import read_page
from portway.application.responses.response_mapping import (
    filename_of,
    is_json,
    read_body,
    read_response,
)
from portway.domain.errors import (
    InvalidIntegrationConfig,
    InvalidParameters,
    MalformedRequest,
    UpstreamInvalidResponse,
    UpstreamTimeout,
)
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.rules.access_control import origin_of
from portway.domain.rules.parameter_transform import transform_parameters


async def run_handler(
    call: ExecutableCall, handler: ActionHandler, parameters: JsonObject, *, raw: bool
) -> Outcome:
    """One call of custom code."""
    transformed = transform_parameters(parameters, call.config.parameters)
    await call.prepare()
    try:
        # A handler of another protocol has sockets of its own to wait for.
        async with asyncio.timeout_at(call.deadline) as limit:
            call.on_new_deadline = limit.reschedule
            answer = await handler(HandlerContext(call), transformed)
    except TimeoutError:
        raise UpstreamTimeout from None
    finally:
        call.on_new_deadline = None
    if isinstance(answer, Answer):
        return Outcome(answer.status_code, answer.data)
    if isinstance(answer, UpstreamResponse):
        return Outcome(answer.status_code, read_response(answer, call.config), answer)
    if not hasattr(answer, "chunks"):
        raise InvalidIntegrationConfig(
            f"The handler {call.grant.action.handler!r} returned a {type(answer).__name__}, which is no answer."
        )
    return await _received(call, answer, raw=raw)


async def run_request(call: ExecutableCall, parameters: JsonObject, *, raw: bool) -> Outcome:
    """The row's one request."""
    request = _request(call, parameters)
    await call.prepare()
    return await _received(call, await call.open(request), raw=raw)


async def run_pages(call: ExecutableCall, parameters: JsonObject, *, max_pages: int) -> Outcome:
    """The row's request for one page after the other, until there are no more, or `max_pages`, or as many bytes as the
    row allows a response to have. Returns the items of all.

    Raises MalformedRequest for an action that declares no pagination.
    """
    pagination = call.config.pagination
    if pagination is None:
        raise MalformedRequest("`paginate` is for actions that declare pagination; this one does not.")
    request = _request(call, parameters)
    await call.prepare()
    items: list[JsonValue] = []
    size = 0
    for number in range(max_pages):
        response = await call.send(request)
        size += len(response.body)
        page = read_page(
            pagination,
            response,
            read_body(response, call.config),
            parameters=parameters,
            url=request.url,
        )
        items += page.items
        is_last = page.next_parameters is None and page.next_url is None
        if is_last or number + 1 == max_pages or size > call.config.response.max_bytes:
            return Outcome(
                response.status_code,
                items,
                pages=number + 1,
                truncated=not is_last,
                next_parameters=page.next_parameters,
            )
        if page.next_parameters is not None:
            parameters = page.next_parameters
            request = _next_request(call, parameters)
        elif page.next_url is not None:
            request = _page_at(page.next_url, request)
    raise AssertionError("max_pages is at least 1")


def _request(call: ExecutableCall, parameters: JsonObject) -> OutgoingRequest:
    grant = call.grant
    transformed = transform_parameters(parameters, call.config.parameters)
    return build_request(grant.integration, grant.action, transformed, grant.connection.config)


def _next_request(call: ExecutableCall, parameters: JsonObject) -> OutgoingRequest:
    """As for the first page, but for the cursor, which is the service's."""
    try:
        return _request(call, parameters)
    except InvalidParameters:
        raise UpstreamInvalidResponse(
            "What the service gives as its next cursor cannot be sent as the row says."
        ) from None


def _page_at(url: str, request: OutgoingRequest) -> OutgoingRequest:
    """The page that the service names. Its own address is the only one that the credential is sent to."""
    if origin_of(url) != origin_of(request.url):
        raise UpstreamInvalidResponse("The service says that its next page is at another address.")
    return replace(request, url=url)


async def _received(call: ExecutableCall, response: StreamedResponse, *, raw: bool) -> Outcome:
    """The whole answer; or, for who wants bytes, a success whose body is still to come."""
    try:
        if raw and 200 <= response.status_code < 300 and not _must_be_read(call, response):
            return Outcome(response.status_code, _described(response), coming=response)
        whole = await call.read(response)
        return Outcome(whole.status_code, read_response(whole, call.config), whole)
    except BaseException:
        await response.close()
        raise


def _must_be_read(call: ExecutableCall, response: StreamedResponse) -> bool:
    """Whether only the body tells if this is a success."""
    rules = call.config.response
    tells_in_body = rules.error is not None or isinstance(call.config.body, GraphqlBody)
    return tells_in_body and (is_json(response.headers) or rules.format in ("json", "xml"))


def _described(response: StreamedResponse) -> dict[str, JsonValue]:
    return {
        "content_type": response.headers.get("content-type", "application/octet-stream"),
        "filename": filename_of(response.headers),
    }
