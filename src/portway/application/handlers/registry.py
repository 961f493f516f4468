"""Handlers by name: a row says `handler: gmail.send_email`."""

from collections.abc import Mapping

from portway.application.handlers.action_handler import ActionHandler
from portway.domain.errors import InvalidIntegrationConfig


class HandlerRegistry:
    """An explicit list. A row can name what is in it and nothing else.

    `broken` are the names of handlers that could not be loaded, and why.
    """

    def __init__(
        self, handlers: Mapping[str, ActionHandler], broken: Mapping[str, str] | None = None
    ) -> None:
        self._handlers = dict(handlers)
        self._broken = dict(broken or {})

    @property
    def names(self) -> tuple[str, ...]:
        """The names that rows can use, sorted."""
        return tuple(sorted(self._handlers))

    def get(self, name: str) -> ActionHandler:
        """The handler. Raises InvalidIntegrationConfig for a name that is not registered or could not be loaded."""
        if name in self._handlers:
            return self._handlers[name]
        if name in self._broken:
            raise InvalidIntegrationConfig(f"The handler {name!r} could not be loaded: {self._broken[name]}")
        known = ", ".join(self.names) or "none"
        raise InvalidIntegrationConfig(f"There is no handler {name!r}; there are {known}.")
