from typing import Any

import pytest

from portway.application.ports.http import OutgoingRequest
from portway.application.requests.request_builder import build_request
from portway.application.verification import verification_action
from portway.domain.errors import InvalidIntegrationConfig
from tests.unit.application.rows import an_integration


def test_a_verification_is_an_action_without_parameters() -> None:
    response = {"error": "ok == `false`"}
    integration = an_integration(verification={"method": "POST", "path": "/auth.test", "response": response})
    action = verification_action(integration)
    assert action is not None
    assert action.transform_config == {"response": response}
    assert build_request(integration, action, {}, {}) == OutgoingRequest(
        "POST", "https://api.example/auth.test", {"accept": "application/json"}
    )
    assert verification_action(an_integration()) is None


@pytest.mark.parametrize("verification", [[], "x", {}, {"path": 5}])
def test_a_broken_verification_says_so(verification: Any) -> None:
    with pytest.raises(InvalidIntegrationConfig, match=r"auth_config\.verification"):
        verification_action(an_integration(verification=verification))
