"""`/connect/{token}`: where the link leads, and where its form is sent."""

import logging
from importlib import resources
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Request, Response

from portway.api.browser_cookie import browser_secret, keep_browser_secret
from portway.api.connect_page import pages
from portway.api.connect_page.fields import CONFIG_PREFIX, CREDENTIALS_PREFIX, Entered
from portway.api.connect_page.html import NOTHING, Html
from portway.api.connect_page.words import Trouble, refused_sign_in, trouble_of
from portway.api.return_address import return_address
from portway.api.services import CurrentServices, Services
from portway.application.connect_form import ConnectForm
from portway.application.connect_link_service import PAGE_PATH, RETURN_PATH
from portway.application.ports.connect_links import OpenedLink
from portway.domain.connect_link import LinkStatus
from portway.domain.errors import Forbidden, InvalidIntegrationConfig, NotFound, PortwayError, Unavailable
from portway.domain.rules.access_control import origin_of

_log = logging.getLogger(__name__)

_STYLE = resources.files("portway.api.connect_page").joinpath("page.css").read_text(encoding="utf-8")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    # A stricter one would cut a popup off from the page that opened it and waits for it.
    "Cross-Origin-Opener-Policy": "unsafe-none",
    # The address of this page has the link's token in it.
    "Referrer-Policy": "no-referrer",
}
# Holds the token while the person is at the service, so that no address has to: not even one of ours.
_TOKEN_COOKIE = "portway_connect_link"  # noqa: S105
_TOKEN_COOKIE_SECONDS = 900  # an authorization takes at most ten minutes
_MAX_FORM_BYTES = 256 * 1024
_MAX_FORM_FIELDS = 200

router = APIRouter(include_in_schema=False)


@router.get("/connect-page/page.css")
async def style() -> Response:
    """The pages' own style."""
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


@router.get(PAGE_PATH + "/{token}")
async def connect_page(token: str, services: CurrentServices) -> Response:
    """Asks to connect, or says why that cannot be."""
    try:
        link, form = await _ready(services, token)
    except _StoppedError as stopped:
        return stopped.response
    return _page(_form_page(link, form, token))


@router.post(PAGE_PATH + "/{token}")
async def submit_page(request: Request, token: str, services: CurrentServices) -> Response:
    """Goes on to the service, or connects with what was entered."""
    if not _comes_from_the_page(request, services):
        return _page(pages.unknown_page(), 403)
    try:
        link, form = await _ready(services, token)
    except _StoppedError as stopped:
        return stopped.response
    return await _connect(request, services, link, form, token)


@router.get(RETURN_PATH + "/{link_id}")
async def return_page(request: Request, link_id: UUID, services: CurrentServices) -> Response:
    """Takes up where the person went to the service from."""
    token = request.cookies.get(_TOKEN_COOKIE, "")
    try:
        link = await _opened(services, token)
        if link.id != link_id:
            return _page(pages.unknown_page(), 404)
        if link.status is LinkStatus.USED:
            return _without_token(_connected(link), link)
        link, form = await _ready(services, token)
    except _StoppedError as stopped:
        return stopped.response
    told = request.query_params
    trouble = refused_sign_in(link, told.get("error", ""), told.get("error_description", ""))
    return _again(link, form, token, trouble)


class _StoppedError(Exception):
    """There is nothing to ask; a page says why."""

    def __init__(self, body: str, status: int) -> None:
        super().__init__(status)
        self.response = _page(body, status)


async def _opened(services: Services, token: str) -> OpenedLink:
    try:
        return await services.connect_links.open(token)
    except NotFound:
        raise _StoppedError(pages.unknown_page(), 404) from None
    except Unavailable:
        raise _StoppedError(pages.busy_page(), 503) from None


async def _ready(services: Services, token: str) -> tuple[OpenedLink, ConnectForm]:
    link = await _opened(services, token)
    if link.status is not LinkStatus.READY:
        raise _StoppedError(pages.unusable_page(link), 410)
    try:
        return link, services.connect_links.form(link)
    except InvalidIntegrationConfig as error:
        _log.warning("connect link %s cannot be used: %s", link.id, error)
        raise _StoppedError(pages.unfinished_page(link), 409) from None


async def _connect(
    request: Request, services: Services, link: OpenedLink, form: ConnectForm, token: str
) -> Response:
    entered = Entered(await _form_of(request))
    try:
        if form.by_redirect:
            return await _begin(request, services, link, token, entered)
        await services.connect_links.submit(
            link, entered.part(CONFIG_PREFIX), entered.part(CREDENTIALS_PREFIX)
        )
        return _connected(await services.connect_links.open(token))
    except (NotFound, Forbidden):
        return await connect_page(token, services)  # it was ready a moment ago; what is it now?
    except PortwayError as error:
        trouble = trouble_of(error, link, form)
        if trouble is not None:
            return _again(link, form, token, trouble, entered)
        _log.warning("connect link %s cannot be used: %s", link.id, error)
        return _page(pages.unfinished_page(link), 409)


async def _begin(
    request: Request, services: Services, link: OpenedLink, token: str, entered: Entered
) -> Response:
    secret = browser_secret(request)
    begun = await services.connect_links.begin(link, entered.part(CONFIG_PREFIX), browser_secret=secret)
    response = _page(pages.going_page(link, begun.authorization_url))
    keep_browser_secret(response, secret, services)
    response.set_cookie(
        _TOKEN_COOKIE,
        token,
        max_age=_TOKEN_COOKIE_SECONDS,
        path=f"{RETURN_PATH}/{link.id}",
        secure=services.public_url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )
    return response


def _comes_from_the_page(request: Request, services: Services) -> bool:
    """Whether no other site made the browser send this (the token in the address is what such a site lacks, besides).

    Browsers since 2023 say so by Sec-Fetch-Site. The Origin of others is `null` under our Referrer-Policy.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "null")
    return origin == "null" or origin_of(origin) == origin_of(services.public_url)


async def _form_of(request: Request) -> dict[str, str]:
    """The fields of the form; nothing of one that is not what our page sends."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_FORM_BYTES:
            return {}
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FORM_FIELDS)
    except ValueError:
        return {}
    return {name: text.replace("\r\n", "\n") for name, text in pairs if "\0" not in text}


def _again(
    link: OpenedLink, form: ConnectForm, token: str, trouble: Trouble, entered: Entered | None = None
) -> Response:
    """The form once more, with what went wrong."""
    alert = pages.alert(trouble.text, trouble.more)
    shown = Entered(entered.texts if entered else {}, trouble.fields)
    back = return_address(link.return_url, {"error": "not_connected"}) if link.return_url else None
    return _page(_form_page(link, form, token, entered=shown, alert=alert, back=back), trouble.status)


def _form_page(
    link: OpenedLink,
    form: ConnectForm,
    token: str,
    *,
    entered: Entered | None = None,
    alert: Html = NOTHING,
    back: str | None = None,
) -> str:
    return pages.form_page(link, form, action=f"{PAGE_PATH}/{token}", entered=entered, alert=alert, back=back)


def _connected(link: OpenedLink) -> Response:
    address = None
    if link.return_url is not None and link.connection is not None:
        address = return_address(link.return_url, {"connection_id": str(link.connection.id), "error": None})
    return _page(pages.connected_page(link, address))


def _without_token(response: Response, link: OpenedLink) -> Response:
    response.delete_cookie(_TOKEN_COOKIE, path=f"{RETURN_PATH}/{link.id}", httponly=True, samesite="lax")
    return response


def _page(body: str, status: int = 200) -> Response:
    return Response(body, status, _HEADERS, "text/html; charset=utf-8")
