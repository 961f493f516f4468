"""An integration's actions: its rows, and those that it has without one."""

from collections.abc import Sequence

from portway.application.ports.unit_of_work import UnitOfWork
from portway.domain.action import Action
from portway.domain.builtin_actions import builtin_action, builtin_actions
from portway.domain.errors import NotFound
from portway.domain.integration import Integration


async def find_action(work: UnitOfWork, integration: Integration, slug: str) -> Action:
    """The row of this slug, else the built-in action. Raises NotFound."""
    try:
        return await work.actions.get(integration.id, slug)
    except NotFound:
        found = builtin_action(integration, slug)
        if found is None:
            raise
        return found


async def list_actions(
    work: UnitOfWork, integration: Integration, *, query: str | None, after: str | None, limit: int
) -> Sequence[Action]:
    """At most `limit` of them, by slug; the arguments are those of `ActionRepository.list`."""
    rows = await work.actions.list(integration.id, query=query, after=after, limit=limit)
    last = rows[-1].slug if len(rows) == limit else None
    builtin = [
        action
        for action in builtin_actions(integration)
        if (after is None or action.slug > after)
        and (last is None or action.slug < last)
        and _matches(action, query)
        and await find_action(work, integration, action.slug) == action
    ]
    return sorted((*rows, *builtin), key=lambda action: action.slug)[:limit]


def _matches(action: Action, query: str | None) -> bool:
    words = f"{action.slug} {action.name} {action.description}"
    return query is None or query.lower() in words.lower()
