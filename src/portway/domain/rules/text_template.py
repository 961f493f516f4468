"""Texts with places for values: `"{first} {last}"`, in which `{{` and `}}` are braces."""

import re
from dataclasses import dataclass
from functools import lru_cache

from portway.domain.errors import InvalidIntegrationConfig

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|([^{}]+)|(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A place for the value of `name`."""

    name: str


@lru_cache(maxsize=4096)
def parse_template(template: str) -> tuple[str | Piece, ...]:
    """The literals and places, in order. Raises InvalidIntegrationConfig for a brace that is alone."""
    pieces: list[str | Piece] = []
    for match in _TOKEN.finditer(template):
        name, literal, alone = match.groups()
        if alone:
            raise InvalidIntegrationConfig(
                "template has a brace that is alone; a brace itself is written twice."
            )
        pieces.append(Piece(name) if name else literal or match[0][0])
    return tuple(pieces)


def variables(pieces: tuple[str | Piece, ...]) -> tuple[str, ...]:
    """The names of the values that a template needs, in order."""
    return tuple(piece.name for piece in pieces if isinstance(piece, Piece))
