"""What an integration's row states about its service, and how much of that was found in the vendor's own words."""

from collections.abc import Sequence
from dataclasses import dataclass

from portway.catalog.definitions import FACTS, ActionDefinition, IntegrationDefinition
from portway.domain.builtin_actions import HTTP_REQUEST
from portway.domain.integration import AuthType


def stated_facts(definition: IntegrationDefinition) -> tuple[str, ...]:
    """The facts that the row states, in the order of FACTS."""
    auth, transform = definition.auth_config, definition.transform_config
    actions = own_actions(definition)
    states = {
        "base_url": True,
        "auth": definition.auth_type is not AuthType.NONE,
        "scopes": bool(auth.get("scopes")) or any(action.scopes for action in actions),
        "rate_limits": bool(definition.rate_limits) or any(action.rate_limits for action in actions),
        "retry": "retry" in transform,
        "verification": "verification" in auth,
        "account": "account" in auth,
        "actions": bool(actions),
        "website": definition.website is not None,
        "documentation": definition.documentation_url is not None,
    }
    return tuple(fact for fact in FACTS if states[fact])


def checked_facts(definition: IntegrationDefinition) -> tuple[str, ...]:
    """Those that were looked up: a source is named, and they are not among the unverified."""
    if not definition.checked.get("sources"):
        return ()
    return tuple(fact for fact in stated_facts(definition) if fact not in definition.unverified)


def own_actions(definition: IntegrationDefinition) -> Sequence[ActionDefinition]:
    """Its actions but `http-request`, which every integration has."""
    return [action for action in definition.actions if action.slug != HTTP_REQUEST]


@dataclass(frozen=True, slots=True)
class CatalogStats:
    """How many there are. `curated` are integrations with actions, `actions_with_handler` those that need code.

    `facts` were found in the vendors' own words, `unverified_facts` were not.
    """

    integrations: int
    curated: int
    actions: int
    actions_with_handler: int
    facts: int
    unverified_facts: int

    @property
    def handler_share(self) -> float:
        """The share of actions with a handler, from 0 to 1."""
        return self.actions_with_handler / self.actions if self.actions else 0.0


def stats_of(definitions: Sequence[IntegrationDefinition]) -> CatalogStats:
    """Counts them."""
    actions = [action for definition in definitions for action in own_actions(definition)]
    stated = sum(len(stated_facts(definition)) for definition in definitions)
    checked = sum(len(checked_facts(definition)) for definition in definitions)
    return CatalogStats(
        integrations=len(definitions),
        curated=sum(bool(own_actions(definition)) for definition in definitions),
        actions=len(actions),
        actions_with_handler=sum(action.handler is not None for action in actions),
        facts=checked,
        unverified_facts=stated - checked,
    )


def by_category(definitions: Sequence[IntegrationDefinition]) -> dict[str, list[IntegrationDefinition]]:
    """The definitions of each category, both in the order of the alphabet; `""` for those without one."""
    categories = sorted({definition.category for definition in definitions})
    return {
        category: [definition for definition in definitions if definition.category == category]
        for category in categories
    }
