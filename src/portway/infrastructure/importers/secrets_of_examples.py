"""Examples in a document are somebody's own requests: what may be a secret in them is not taken over."""

import re

_NAMES = re.compile(
    r"token(?!s|_?type|_?count)|secret|passw|passphrase|api[-_]?key|app[-_]?key|authori[sz]ation|auth[-_]?key"
    r"|access[-_]?key|subscription[-_]?key|credential|signature|session|cookie|bearer|private[-_]?key|^key$",
    re.IGNORECASE,
)
# Tokens that say where a list goes on, and who protects forms against other sites.
_NO_SECRETS = re.compile(
    r"(?:page|next|prev|previous|sync|continuation|continue|cursor|delta|resume|skip|idempotency|start|scroll)"
    r"[-_]?(?:page)?[-_]?(?:token|key)",
    re.IGNORECASE,
)
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_.:~-]{16,}")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[A-Za-z]")
_UUID_OR_TIME = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)


def names_a_secret(name: str) -> bool:
    """Whether what is called so is, as a rule, a credential."""
    return _NAMES.search(name) is not None and _NO_SECRETS.search(name) is None


def looks_secret(value: str) -> bool:
    """Whether it has a long word of letters and digits, as keys and tokens are; addresses and times are none."""
    if value.startswith(("http://", "https://")) and "@" not in value and "?" not in value:
        return False
    words = _LONG_WORD.findall(value)
    return any(
        _DIGIT.search(word) and _LETTER.search(word) and not _UUID_OR_TIME.fullmatch(word) for word in words
    )


def is_safe_example(name: str, value: str) -> bool:
    """Whether the value of something that is called so may be shown and sent."""
    return not names_a_secret(name) and not looks_secret(value)
