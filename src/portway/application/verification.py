"""The cheap request that proves a credential, which an integration names as `auth_config.verification`."""

from portway.application.language.documents import auth_config
from portway.domain.action import Action
from portway.domain.builtin_actions import VERIFY_CONNECTION, builtin_action
from portway.domain.integration import Integration


def verification_action(integration: Integration) -> Action | None:
    """The request as an action without parameters; None where the row has none.

    Raises InvalidIntegrationConfig for one of another shape.
    """
    if auth_config(integration).verification is None:
        return None
    return builtin_action(integration, VERIFY_CONNECTION)
