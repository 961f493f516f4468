"""What the documents say, piece by piece."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A piece of code; `language` is what stands behind the backticks."""

    language: str
    code: str


def blocks(document: str, section: str | None = None) -> list[Block]:
    """The code of a document, or of one of its sections, in order."""
    text = (ROOT / document).read_text(encoding="utf-8")
    if section is not None:
        text = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = [Block(language, code) for language, code in _BLOCK.findall(text)]
    assert found, f"{document} has no code in {section or 'it'}"
    return found


def codes(document: str, language: str) -> list[str]:
    """The code in one language."""
    return [block.code for block in blocks(document) if block.language == language]
