"""A guess at an operation's pages, by names of its parameters and of what it answers. No document says it."""

import re
from dataclasses import dataclass

from portway.infrastructure.importers.openapi_action import ActionDraft
from portway.infrastructure.importers.openapi_document import (
    InexpressibleError,
    Json,
    OpenApiDocument,
    members,
)

_POINTER = "/transform_config/pagination"
_REASON = "concluded from the names of parameters and of the answer's members"
_CURSORS = ("cursor", "page_token", "pagetoken", "next_token", "nexttoken", "continuation_token", "starting_after",
            "after", "page[cursor]", "page[after]", "pagination_token", "start_cursor")  # fmt: skip
_NEXT_CURSORS = ("next_cursor", "nextcursor", "next_page_token", "nextpagetoken", "next_token", "nexttoken", "after",
                 "continuation_token", "end_cursor", "cursor")  # fmt: skip
_NEXT_URLS = ("next", "next_url", "nexturl", "next_page_url", "next_link", "nextlink", "@odata.nextlink")
_PAGES = ("page", "page_number", "pagenumber", "page[number]", "pageindex", "page_index")
_OFFSETS = ("offset", "skip", "start_at", "startat", "start_index", "startindex")
_SIZES = ("per_page", "perpage", "page_size", "pagesize", "limit", "size", "max_results", "maxresults", "count", "take",
          "page[size]", "page_limit", "results_per_page", "rpp")  # fmt: skip
_AROUND = (
    "meta",
    "pagination",
    "paging",
    "page_info",
    "pageinfo",
    "response_metadata",
    "links",
    "_links",
    "page",
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class _Answer:
    """`paths`: in JMESPath, of what is at the top and around the list, by names in lower case. `list_path`: that of the
    only list, `@` where the answer is it.
    """

    paths: dict[str, str]
    list_path: str | None


class PaginationGuess:
    """Guesses for the operations of a document."""

    def __init__(self, document: OpenApiDocument) -> None:
        self._document = document

    def add(self, draft: ActionDraft, operation: Json) -> None:
        """Adds the pagination that is likely, where the operation lists something; marks it as a guess."""
        if draft.method != "GET":
            return
        try:
            success = self._success(operation)
            found = self._found(draft, success, self._answer(success))
        except InexpressibleError:
            return
        if found is not None:
            draft.pagination = found
            draft.guess(_POINTER, _REASON)

    def _found(self, draft: ActionDraft, success: Json, answer: _Answer) -> Json | None:
        query = {name.lower(): own for (place, name), own in draft.service_names.items() if place == "query"}
        items: Json = {"items": answer.list_path} if answer.list_path not in (None, "@") else {}
        cursor, next_cursor = _first(query, _CURSORS), _first(answer.paths, _NEXT_CURSORS)
        if cursor and next_cursor:
            return {"type": "cursor", "cursor": next_cursor, "parameter": cursor, **items}
        if any(name.lower() == "link" for name in members(success, "headers")):
            return {"type": "link_header", **items}
        if answer.list_path is None:
            return None
        if url := _first(answer.paths, _NEXT_URLS):
            return {"type": "next_url", "url": url, **items}
        return self._counted(query, items)

    def _counted(self, query: dict[str, str], items: Json) -> Json | None:
        """Pages by number, or by how many items to pass over."""
        size = _first(query, _SIZES)
        sized: Json = {"size_parameter": size} if size else {}
        if page := _first(query, _PAGES):
            return {"type": "page", "parameter": page, **sized, **items}
        offset = _first(query, _OFFSETS)
        return {"type": "offset", "parameter": offset, **sized, **items} if offset and size else None

    def _success(self, operation: Json) -> Json:
        responses = members(operation, "responses")
        codes = sorted(code for code in responses if str(code).startswith("2"))
        return self._document.resolve(responses[codes[0]]) if codes else {}

    def _answer(self, success: Json) -> _Answer:
        content = members(success, "content")
        schema = next((members(media, "schema") for kind, media in content.items() if "json" in kind), {})
        schema = self._document.resolve(schema)
        if schema.get("type") == "array":
            return _Answer({}, "@")
        properties = self._properties(schema)
        paths = {name.lower(): _path(name) for name in properties}
        for name in properties:
            if name.lower() in _AROUND:
                inside = self._properties(self._document.resolve(properties[name]))
                paths |= {
                    inner.lower(): f"{_path(name)}.{_path(inner)}"
                    for inner in inside
                    if inner.lower() not in paths
                }
        lists = [
            name for name, part in properties.items() if self._document.resolve(part).get("type") == "array"
        ]
        return _Answer(paths, _path(lists[0]) if len(lists) == 1 else None)

    def _properties(self, schema: Json) -> Json:
        found = dict(members(schema, "properties"))
        for part in schema.get("allOf", ()) if isinstance(schema.get("allOf"), list) else ():
            found |= members(self._document.resolve(part), "properties")
        return found


def _first(names: dict[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((names[name] for name in wanted if name in names), None)


def _path(name: str) -> str:
    """A member's name in JMESPath."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return name if _PLAIN.fullmatch(name) else f'"{escaped}"'
