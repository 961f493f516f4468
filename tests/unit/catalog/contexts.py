"""Contexts for the actions of the shipped catalog."""

from functools import cache
from uuid import uuid4

from portway.catalog.definitions import IntegrationDefinition, load_definitions
from tests.fakes.action_context import RecordingContext, ScriptedAnswer


def shipped(integration_slug: str, action_slug: str, *answers: ScriptedAnswer) -> RecordingContext:
    """A context for an action of the shipped catalog."""
    definition = next(one for one in _shipped() if one.slug == integration_slug)
    action = next(one for one in definition.actions if one.slug == action_slug)
    integration = definition.integration(uuid4())
    return RecordingContext(integration, action.action(uuid4(), integration.id)).script(*answers)


@cache
def _shipped() -> tuple[IntegrationDefinition, ...]:
    return tuple(load_definitions())
