"""The README's first call, run as it stands."""

import json

from tests.docs.reader import Reader
from tests.e2e.upstreams import Upstream


def test_curl_and_python_reach_the_service(first_call: Reader, service: Upstream) -> None:
    received = service.received("/anything/first")

    assert [(one.method, json.loads(one.body)) for one in received] == [("POST", {"message": "It works"})] * 2


def test_curl_prints_the_whole_answer_and_python_its_data(first_call: Reader) -> None:
    assert '"status":"success","status_code":200' in first_call.output
    assert "{'method': 'POST', 'path': '/anything/first'" in first_call.output


def test_the_log_has_both(first_call: Reader) -> None:
    rows = [json.loads(line) for line in first_call.output.splitlines() if line.startswith('{"id":')]

    assert [row["request_payload"] for row in rows] == [{"topic": "first", "message": "It works"}] * 2
    assert all(row["response_payload"]["path"] == "/anything/first" for row in rows)
