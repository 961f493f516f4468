"""What `portway catalog list` prints."""

from collections.abc import Sequence
from dataclasses import asdict

from portway.catalog.definitions import IntegrationDefinition
from portway.catalog.facts import CatalogStats, by_category, checked_facts, stated_facts, stats_of
from portway.catalog.handlers import handlers
from portway.cli.output import print_json, print_table

_COLUMNS = ("slug", "name", "category", "auth_type", "facts", "actions")
_STATS = ("category", "integrations", "curated", "actions", "with_handler", "facts", "unverified")


def print_list(definitions: Sequence[IntegrationDefinition], *, as_json: bool) -> None:
    """One integration in each row."""
    if as_json:
        print_json([_entry(definition) for definition in definitions])
        return
    rows = [
        {
            **_entry(definition),
            "facts": f"{len(checked_facts(definition))} of {len(stated_facts(definition))}",
            "actions": ", ".join(action.slug for action in definition.actions),
        }
        for definition in definitions
    ]
    print_table(_COLUMNS, rows)


def print_stats(definitions: Sequence[IntegrationDefinition], *, as_json: bool) -> None:
    """How many there are: of each category, then altogether."""
    groups = {category: stats_of(group) for category, group in by_category(definitions).items()}
    total, handler_count = stats_of(definitions), len(handlers().names)
    if as_json:
        categories = {category: _counts(stats) for category, stats in groups.items()}
        print_json({**_counts(total), "handlers": handler_count, "categories": categories})
        return
    print_table(_STATS, [_row(category, stats) for category, stats in {**groups, "all": total}.items()])
    print(f"{handler_count} handlers; {total.handler_share:.1%} of the actions need one.")


def _entry(definition: IntegrationDefinition) -> dict[str, object]:
    checked = checked_facts(definition)
    return {
        "slug": definition.slug,
        "name": definition.name,
        "auth_type": str(definition.auth_type),
        "category": definition.category,
        "actions": [action.slug for action in definition.actions],
        "checked_facts": checked,
        "unverified_facts": [fact for fact in stated_facts(definition) if fact not in checked],
    }


def _counts(stats: CatalogStats) -> dict[str, object]:
    counts = asdict(stats)
    facts = {"checked": counts.pop("facts"), "unverified": counts.pop("unverified_facts")}
    return {**counts, "handler_share": round(stats.handler_share, 4), "facts": facts}


def _row(category: str, stats: CatalogStats) -> dict[str, object]:
    return {
        "category": category,
        **asdict(stats),
        "with_handler": stats.actions_with_handler,
        "unverified": stats.unverified_facts,
    }
