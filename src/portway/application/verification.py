"""The cheap request that proves a credential, which an integration names as `auth_config.verification`."""

from portway.domain.action import Action
from portway.domain.builtin_actions import VERIFY_CONNECTION, builtin_action
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import Integration

_MEMBERS = frozenset({"method", "path", "response"})


def verification_action(integration: Integration) -> Action | None:
    """The request as an action without parameters; None where the row has none.

    Its members are `method` (default GET), `path` and, as in `transform_config`, `response`. Raises
    InvalidIntegrationConfig for one of another shape.
    """
    verification = integration.auth_config.get("verification")
    if verification is None:
        return None
    where = f"Integration {integration.slug!r}: auth_config.verification"
    if not isinstance(verification, dict) or not isinstance(verification.get("path"), str):
        raise InvalidIntegrationConfig(f"{where} must be an object with a `path`.")
    if unknown := verification.keys() - _MEMBERS:
        raise InvalidIntegrationConfig(f"{where} has no member {min(unknown)!r}.")
    return builtin_action(integration, VERIFY_CONNECTION)
