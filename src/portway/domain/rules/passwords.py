"""Rule: a password is judged by its length, and by nothing else that people work around (NIST SP 800-63B)."""

import unicodedata

from portway.domain.errors import Fault, MalformedRequest

MIN_LENGTH = 10
MAX_LENGTH = 1000


def normalized_password(password: str) -> str:
    """The password in the form that is hashed: NFKC, so that every keyboard's way of writing it is the same."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, email: str | None) -> None:
    """Raises MalformedRequest for one that is too short or too long, or the user's own address."""
    message = None
    if len(password) < MIN_LENGTH:
        message = f"must have at least {MIN_LENGTH} characters."
    elif len(password) > MAX_LENGTH:
        message = f"must have at most {MAX_LENGTH} characters."
    elif email is not None and password.casefold() == email.casefold():
        message = "must not be your address."
    if message is not None:
        raise MalformedRequest(faults=[Fault("/password", message)])
