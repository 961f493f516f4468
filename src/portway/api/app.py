"""The application: routers, and what stands around all of them."""

from collections.abc import Mapping
from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from portway import __version__
from portway.api import (
    action_search,
    actions,
    api_keys,
    auth,
    connect_links,
    connections,
    health,
    imports,
    integrations,
    invitations,
    link_pages,
    logs,
    oauth_callback,
    organizations,
    problems,
    reference,
    schemas,
    usage,
    webhooks,
    workspaces,
)
from portway.api.body_limit import BodyLimitMiddleware
from portway.api.connect_page import routes as connect_page
from portway.api.metrics import MetricsMiddleware
from portway.api.openapi import OPENAPI_PATH, RawRoute, openapi_document
from portway.api.problems import LastResort
from portway.api.request_id import RequestIdMiddleware
from portway.api.response_headers import ResponseHeadersMiddleware
from portway.api.services import Services

ROUTERS: tuple[APIRouter, ...] = (
    imports.router,
    integrations.router,
    actions.router,
    action_search.router,
    schemas.router,
    connections.router,
    connect_links.router,
    oauth_callback.router,
    logs.router,
    usage.router,
    webhooks.router,
    webhooks.events_router,
    auth.router,
    organizations.router,
    workspaces.router,
    invitations.router,
    api_keys.router,
    health.router,
    link_pages.router,
    connect_page.router,
)
"""One for each resource, in the order in which the reference shows them."""


def create_app(services: Services, raw_routes: Mapping[str, RawRoute] | None = None) -> ASGIApp:
    """The gateway as one ASGI application.

    `raw_routes`, by exact path, stand in front of the framework, whose own cost they are spared; request ids, headers,
    metrics and the size limit hold for them too.
    """
    raw = dict(raw_routes or {})
    app: ASGIApp = _InFront(raw, create_control_plane(services, raw))
    uploads = {path: route.max_upload_bytes for path, route in raw.items()}
    uploads[imports.PATH] = imports.MAX_UPLOAD_BYTES
    app = LastResort(BodyLimitMiddleware(app, max_upload_bytes=uploads))
    app = MetricsMiddleware(app, services.registry, frozenset(raw))
    app = ResponseHeadersMiddleware(app, https=services.public_url.startswith("https://"))
    return RequestIdMiddleware(app)


def create_control_plane(services: Services, raw_routes: Mapping[str, RawRoute]) -> FastAPI:
    """All routes but the raw ones."""
    app = FastAPI(
        title="Portway",
        version=__version__,
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.services = services
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    document = partial(openapi_document, app, raw_routes)
    app.openapi = document  # type: ignore[method-assign]
    app.add_route("/", lambda _: RedirectResponse("/docs"), include_in_schema=False)
    app.add_route("/docs", reference.page_of(document), include_in_schema=False)
    return app


class _InFront:
    """Sends a request to the raw route of its path, else to the application behind."""

    def __init__(self, raw: Mapping[str, RawRoute], behind: ASGIApp) -> None:
        self._raw = {path: route.app for path, route in raw.items()}
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._raw.get(scope["path"], self._behind) if scope["type"] == "http" else self._behind
        await app(scope, receive, send)
