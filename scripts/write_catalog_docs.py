"""Write docs/reference/catalog: a page for each integration that Portway ships, and a list of them all."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from portway.catalog.definitions import IntegrationDefinition, load_definitions
from portway.catalog.facts import by_category, checked_facts, own_actions, stated_facts, stats_of
from scripts.catalog_page import cell, page

DIRECTORY = Path(__file__).resolve().parent.parent / "docs" / "reference" / "catalog"

_INTRODUCTION = """\
# The catalog

<!-- Made by `make catalog-docs`. -->

{stats.integrations} integrations, {stats.curated} of them with {stats.actions} actions of their own. Every one has
`http-request` besides, for whatever has no action. What is missing is [a row](../../how-to/add-an-integration.md) or
[a document](../../how-to/import-an-api.md) away.

{stats.facts} facts (addresses, authorization, scopes, limits and more) were found in the vendors' own documentation or
specifications; each page names where. {stats.unverified_facts} were not, and each page says which.
`portway catalog list` shows the same without a browser.

`GET /api/v2/integrations?query=` and `GET /api/v2/actions?query=` search by words, by their beginnings and, where
nothing has them, by what resembles them; the best match is first. Some words may be the integration's, as in
`slack send message`. At most 1000 actions are found.
"""


def pages(definitions: Sequence[IntegrationDefinition]) -> dict[str, str]:
    """The text of each file by its name."""
    made = {f"{definition.slug}.md": page(definition) for definition in definitions}
    return {"README.md": "\n".join(_overview(definitions)), **made}


def write(directory: Path, texts: Mapping[str, str]) -> None:
    """Writes them; pages of integrations that are no more are removed."""
    directory.mkdir(parents=True, exist_ok=True)
    for file in directory.glob("*.md"):
        if file.name not in texts:
            file.unlink()
    for name, text in texts.items():
        (directory / name).write_text(text, "utf-8")


def _overview(definitions: Sequence[IntegrationDefinition]) -> Iterator[str]:
    yield _INTRODUCTION.format(stats=stats_of(definitions))
    for category, group in by_category(definitions).items():
        yield from (f"## {category}", "", "| integration | what | actions | facts checked |")
        yield "| --- | --- | --- | --- |"
        yield from map(_row, group)
        yield ""


def _row(definition: IntegrationDefinition) -> str:
    checked = f"{len(checked_facts(definition))} of {len(stated_facts(definition))}"
    actions = len(own_actions(definition)) or ""
    return f"| [{definition.name}]({definition.slug}.md) | {cell(definition.description)} | {actions} | {checked} |"


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY, pages(load_definitions()))
