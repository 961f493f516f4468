from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from portway.domain.connect_link import ConnectLink, LinkStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
READY = ConnectLink(
    id=uuid4(),
    user_id=uuid4(),
    workspace_id=uuid4(),
    organization_id=uuid4(),
    integration_id=uuid4(),
    integration_slug="slack",
    end_user_id="customer-7",
    created_at=NOW - timedelta(minutes=30),
    expires_at=NOW + timedelta(minutes=30),
)


@pytest.mark.parametrize(
    ("link", "status"),
    [
        (READY, LinkStatus.READY),
        (replace(READY, opened_at=NOW), LinkStatus.READY),
        (replace(READY, expires_at=NOW), LinkStatus.EXPIRED),
        (replace(READY, revoked_at=NOW), LinkStatus.REVOKED),
        (replace(READY, used_at=NOW), LinkStatus.USED),
        # What it was used for stays made.
        (replace(READY, used_at=NOW, revoked_at=NOW, expires_at=NOW), LinkStatus.USED),
        (replace(READY, revoked_at=NOW, expires_at=NOW), LinkStatus.REVOKED),
    ],
)
def test_status(link: ConnectLink, status: LinkStatus) -> None:
    assert link.status_at(NOW) is status
