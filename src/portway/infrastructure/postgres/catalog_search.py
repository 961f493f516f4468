"""What searches of the catalog have in common: words, the order of lists, and which rows an organization is offered."""

import re

from psycopg import sql

from portway.application.ports.catalog_records import ListPosition

_WORD = re.compile(r"[^\W_]+")
_MAX_WORDS = 10

# Of the integrations `i` that row-level security shows; an organization's own stands in for the global one.
OFFERED = sql.SQL("""(
        %(organization_id)s::uuid IS NULL OR i.organization_id IS NULL OR i.organization_id = %(organization_id)s
    )
    AND (i.organization_id IS NOT NULL OR NOT EXISTS (
        SELECT FROM public.integrations AS own
        WHERE own.slug = i.slug AND own.organization_id IS NOT NULL
            AND (%(organization_id)s::uuid IS NULL OR own.organization_id = %(organization_id)s)
    ))""")


def words_of(query: str | None) -> list[str] | None:
    """The words to look for, in lower case; None where everything is wanted."""
    return _WORD.findall(query.lower())[:_MAX_WORDS] if query else None


def place(after: ListPosition | None) -> dict[str, object]:
    """The values of a page that comes after this place, or of the first one."""
    if after is None:
        return {"after_rank": None, "after_slug": None, "after_id": None}
    return {"after_rank": after.rank, "after_slug": after.slug, "after_id": after.id}
