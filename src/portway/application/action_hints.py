"""What running an action does to the service, as far as its row says."""

from dataclasses import dataclass, replace

from portway.application.retries import is_idempotent
from portway.domain.action import Action
from portway.domain.integration import Integration

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class ActionHints:
    """`read_only`: changes nothing. `destructive`: what it deletes is gone. `idempotent`: twice is the same as once.

    They follow from the method; what a handler or a POST does may be less than they say.
    """

    read_only: bool
    destructive: bool
    idempotent: bool


def hints_of_method(method: str) -> ActionHints:
    """What RFC 9110, section 9.2 says of it."""
    return ActionHints(method in _READING, method == "DELETE", is_idempotent(method))


def hints_of(integration: Integration, action: Action) -> ActionHints:
    """The same, and what the row says of retries."""
    by_method = hints_of_method(action.http_method)
    said = [row.transform_config.get("retry") for row in (integration, action)]
    retry = {name: value for one in said if isinstance(one, dict) for name, value in one.items()}
    return replace(by_method, idempotent=by_method.idempotent or retry.get("idempotent") is True)
