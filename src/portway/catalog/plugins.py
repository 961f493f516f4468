"""Handlers of others: entry points of the group `portway.handlers` of whatever is installed beside Portway.

The name of an entry point is the one that rows use, its object the handler:

    [project.entry-points."portway.handlers"]
    "notes.upload_note" = "portway_notes:upload_note"
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from inspect import isclass
from typing import cast

from portway.application.handlers.action_handler import ActionHandler
from portway.domain.errors import Conflict

GROUP = "portway.handlers"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plugins:
    """What was found: the handlers by name, and why the others could not be loaded."""

    handlers: dict[str, ActionHandler] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


def load_plugins(taken: Collection[str]) -> Plugins:
    """Imports all of them. One that fails stops nobody else: it is logged, and told to whoever uses it.

    Raises Conflict for a name that is one of `taken`, or that two distributions give: rows would not say which handler
    they mean.
    """
    plugins = Plugins()
    owners: dict[str, str] = dict.fromkeys(taken, "Portway itself")
    for entry_point in entry_points(group=GROUP):
        owner, name = _distribution(entry_point), entry_point.name
        if name in owners:
            raise Conflict(f"The handler {name!r} of {owner} has the name of one of {owners[name]}.")
        owners[name] = owner
        try:
            plugins.handlers[name] = _load(entry_point)
        except (Exception, SystemExit) as error:  # noqa: BLE001  an import can raise anything
            # Whoever uses it is told no more than the kind: an error's text may name paths, or worse.
            plugins.broken[name] = f"{owner}: {type(error).__name__}; the log of the server says more."
            _log.error(
                "the handler %r of %s could not be loaded: %s: %s", name, owner, type(error).__name__, error
            )
    return plugins


def _load(entry_point: EntryPoint) -> ActionHandler:
    handler = entry_point.load()
    if not callable(handler) or isclass(handler):
        raise TypeError(f"{entry_point.value} is no function with the parameters `context, parameters`")
    return cast("ActionHandler", handler)


def _distribution(entry_point: EntryPoint) -> str:
    return f"the distribution {entry_point.dist.name!r}" if entry_point.dist else "an unknown distribution"
