"""docs/how-to/rotate-keys.md: its commands, run against the gateway of the README's first call."""

import json

import pytest

from tests.docs.documents import codes
from tests.docs.reader import Reader

CALL = """
curl -sS "$GATEWAY/api/v2/execute" -H "Authorization: Bearer $PORTWAY_API_KEY" -H 'Content-Type: application/json' \
  -d "{\\"workspace_id\\": \\"$WORKSPACE\\", \\"connection_id\\": \\"$CONNECTION\\", \\"action\\": \\"echo\\",
       \\"parameters\\": {\\"topic\\": \\"rotated\\"}}"
"""


@pytest.mark.parametrize("command", codes("docs/how-to/rotate-keys.md", "sh"))
def test_each_command_leaves_a_gateway_that_serves(first_call: Reader, command: str) -> None:
    printed = first_call.run(command)
    if "doctor" in command:
        assert "(data) is of" in printed
    answers = [json.loads(first_call.run(CALL)) for _ in range(3)]
    assert answers[-1]["status"] == "success", answers
