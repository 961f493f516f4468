"""Gateways for tests of the API."""

from collections.abc import AsyncIterator

import pytest

from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.fakes.mail import RecordingMailer
from tests.integration.api.gateways import Arrangement, RunningGateway, running
from tests.integration.api.whole import Whole, whole_gateway


@pytest.fixture(scope="module")
async def gateway(database_urls: DatabaseUrls) -> AsyncIterator[RunningGateway]:
    """Anybody may sign up; no mail server."""
    async with running(database_urls) as found:
        yield found


@pytest.fixture(scope="module")
def mailer() -> RecordingMailer:
    return RecordingMailer()


@pytest.fixture(scope="module")
async def mailing_gateway(
    database_urls: DatabaseUrls, mailer: RecordingMailer
) -> AsyncIterator[RunningGateway]:
    """The same with a mail server."""
    async with running(database_urls, Arrangement(mailer=mailer)) as found:
        yield found


@pytest.fixture(scope="module")
async def whole(database_urls: DatabaseUrls) -> AsyncIterator[Whole]:
    """The gateway with all of its parts, as servers run it, and a service to connect to."""
    async with whole_gateway(database_urls) as found:
        yield found
