"""The ASGI application, made from the environment: `uvicorn --factory portway.asgi:create_app`."""

from starlette.types import ASGIApp, Receive, Scope, Send

from portway.api.open_streams import BEFORE_STOPPING
from portway.bootstrap import Gateway
from portway.settings import load_settings


def create_app() -> ASGIApp:
    """The gateway with its life cycle. Raises SettingsError."""
    gateway = Gateway(load_settings())

    async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
        # Whoever serves calls it when it is about to stop: it waits for answers, and streams have no end.
        scope.get("state", {})[BEFORE_STOPPING] = gateway.end_streams
        await receive()
        async with gateway.running():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    return gateway.app(lifespan)
