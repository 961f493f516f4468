"""The header fields that say how a caller's limit stands (draft-ietf-httpapi-ratelimit-headers-03)."""

import math

from portway.domain.rate_limit import RateState


def rate_limit_headers(state: RateState | None) -> dict[str, str]:
    """`RateLimit-Reset` is in seconds, rounded up. Nothing where there is no limit."""
    if state is None:
        return {}
    return {
        "RateLimit-Limit": str(state.limit),
        "RateLimit-Remaining": str(state.remaining),
        "RateLimit-Reset": str(math.ceil(state.reset_seconds)),
    }
