"""What aiohttp is given to send."""

import io

from portway.infrastructure.http.request_body import payload_of


def test_large_bodies_are_written_in_pieces() -> None:
    assert payload_of(None) is None
    assert payload_of(b"") is None
    assert payload_of(b"x") == b"x"
    assert isinstance(payload_of(bytes(2 * 1024 * 1024)), io.BytesIO)
