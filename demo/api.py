"""Calls to a running gateway, as any program would make them."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

_TIMEOUT_SECONDS = 60
# The gateway is on this machine: a proxy named in the environment is none of its business.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class StepFailedError(Exception):
    """A step of the tour did not go as it should; the message says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the JSON that came with it (None where none did), after so many seconds."""

    status: int
    body: Any
    seconds: float

    @property
    def phrase(self) -> str:
        """The status with its name, such as `200 OK`."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"


class Api:
    """The API at `url`. `bearer` is sent with every call, where it is set."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bearer: str | None = None

    def call(
        self, method: str, path: str, body: Any = None, *, expect: int = 200, bearer: str | None = None
    ) -> Answer:
        """Raises StepFailedError for another status than `expect`, and where there is no answer."""
        answer = self._send(method, path, body, bearer or self.bearer)
        if answer.status != expect:
            detail = json.dumps(answer.body, ensure_ascii=False, indent=2)
            raise StepFailedError(f"{method} {path} answered {answer.phrase}, not {expect}: {detail}")
        return answer

    def _send(self, method: str, path: str, body: Any, bearer: str | None) -> Answer:
        headers = {"Accept": "application/json"}
        data = None
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        start = time.perf_counter()
        try:
            with _opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
                return Answer(response.status, _json(response.read()), time.perf_counter() - start)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _json(error.read()), time.perf_counter() - start)
        except OSError as error:
            raise StepFailedError(f"{method} {path}: the gateway does not answer: {error}") from error


def check(condition: object, message: str) -> None:
    """Raises StepFailedError with the message where the condition does not hold."""
    if not condition:
        raise StepFailedError(message)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode(errors="replace")
