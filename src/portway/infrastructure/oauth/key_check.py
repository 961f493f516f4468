"""Whether a text that somebody pasted is a private key."""

from portway.infrastructure.oauth.json_web_token import UnusableKeyError, sign_jwt


def can_sign(key: str, algorithm: str) -> bool:
    """Tries it, which is the one sure way to know. `key` is in PEM or a JWK."""
    try:
        sign_jwt({}, key, algorithm, {})
    except UnusableKeyError:
        return False
    return True
