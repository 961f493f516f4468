"""The Link header (RFC 8288)."""

import re

# One link: <target>, then parameters, whose values may be quoted and hold commas and semicolons then.
_LINK = re.compile(
    r"<([^<>]*)>((?:\s*;\s*[^\s;,=]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)\s*(?:,|$)"
)
_PARAMETER = re.compile(r";\s*([^\s;,=]+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*)")


def link_target(header: str, relation: str) -> str | None:
    """The target of the first link that has the relation, as it is written (it may be relative)."""
    for match in _LINK.finditer(header):
        relations = _relations(match.group(2))
        if relation in relations:
            return match.group(1).strip()
    return None


def _relations(parameters: str) -> list[str]:
    """The types of the first `rel`; all others are to be ignored (section 3.3)."""
    for name, value in _PARAMETER.findall(parameters):
        if name.lower() == "rel":
            return re.sub(r"\\(.)", r"\1", value.strip('"')).lower().split()
    return []
