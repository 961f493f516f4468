"""Credentials that a document does not describe as such: a token among the parameters of most operations, or an answer
401 where it names no security scheme at all.
"""

import re
from collections import Counter
from collections.abc import Sequence

from portway.infrastructure.importers.openapi_document import (
    InexpressibleError,
    Json,
    OpenApiDocument,
    items,
    members,
    text,
)

_NAMES = frozenset(
    {"token", "access_token", "accesstoken", "api_key", "apikey", "api-key", "api_token", "auth_token", "authtoken",
     "oauth_token", "x-api-key", "x-auth-token", "x-access-token"}
)  # fmt: skip
_WORDS = re.compile(
    r"\b(?:authenticat\w+|authoriz\w+|api|access|auth|oauth|bearer)[ _-]?(?:token|key|$)", re.I
)
_LEAST_SHARE = 1 / 3
"""Of the operations: what only a few of them take is about tokens, and no credential."""


def token_parameters(document: OpenApiDocument, operations: Sequence[Json]) -> list[tuple[str, str]]:
    """Place and name of parameters that carry the credential, the most frequent first."""
    count: Counter[tuple[str, str]] = Counter()
    by_name: Counter[str] = Counter()
    for operation in operations:
        found = {
            (text(one, "in"), text(one, "name"))
            for one in _parameters(document, operation)
            if text(one, "in") in ("query", "header") and _is_about_a_token(one)
        }
        count.update(found)
        by_name.update({name for _, name in found})
    least = max(2.0, len(operations) * _LEAST_SHARE)
    return [place for place, _ in count.most_common() if by_name[place[1]] >= least]


def has_unauthorized(operations: Sequence[Json]) -> bool:
    """Whether some operation answers 401 to who brings no credential (RFC 9110, section 15.5.2)."""
    return any("401" in members(operation, "responses") for operation in operations)


def _parameters(document: OpenApiDocument, operation: Json) -> list[Json]:
    found = []
    for node in items(operation, "parameters"):
        try:
            found.append(document.resolve(node))
        except InexpressibleError:
            continue
    return found


def _is_about_a_token(parameter: Json) -> bool:
    if text(parameter, "name").lower() not in _NAMES:
        return False
    described = text(parameter, "description")
    return _WORDS.search(described) is not None or (not described and parameter.get("required") is True)
