"""Handlers by name: a row says `handler: gmail.send_email`."""

from collections.abc import Mapping

from portway.application.handlers.action_handler import ActionHandler
from portway.domain.errors import InvalidIntegrationConfig


class HandlerRegistry:
    """An explicit list. A row can name what is in it and nothing else."""

    def __init__(self, handlers: Mapping[str, ActionHandler]) -> None:
        self._handlers = dict(handlers)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted(self._handlers))

    def get(self, name: str) -> ActionHandler:
        """The handler. Raises InvalidIntegrationConfig for a name that is not registered."""
        if name not in self._handlers:
            known = ", ".join(self.names) or "none"
            raise InvalidIntegrationConfig(f"There is no handler {name!r}; there are {known}.")
        return self._handlers[name]
