"""A record shows nothing of its members, whoever asks."""

from portway.domain.record import Record


class Secret(Record, frozen=True):
    token: str


def test_it_shows_no_member() -> None:
    secret = Secret("s3cret")
    assert repr(secret) == "<Secret>"
    assert list(secret.__rich_repr__()) == []
