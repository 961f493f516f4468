"""A mailer that keeps what it is given."""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from portway.application.ports.mail import Mail, MailNotSent

_TOKEN = re.compile(r"#token=(\S+)")


class RecordingMailer:
    """`broken` makes it refuse everything."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        self.broken = False

    async def send(self, mail: Mail) -> None:
        if self.broken:
            raise MailNotSent("the mail server is away")
        self.sent.append(mail)

    def to(self, address: str) -> Sequence[Mail]:
        return [mail for mail in self.sent if mail.to == address]

    def token_to(self, address: str) -> str:
        """The token in the link of the last mail to this address."""
        found = _TOKEN.search(self.to(address)[-1].text)
        assert found is not None
        return unquote(found[1])
