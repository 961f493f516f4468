"""A running gateway, by its HTTP API."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.parse import urlencode, urlsplit

from portway import __version__
from portway.cli.failure import CommandFailed, one_line
from portway.domain.action import MAX_TIMEOUT_MS
from portway.domain.json_value import JsonObject, JsonValue
from portway.settings import DEFAULT_PUBLIC_URL, load_client_settings

_TIMEOUT_SECONDS = MAX_TIMEOUT_MS / 1000 + 30
_LONGEST_EXCERPT = 500
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Gateway:
    """Speaks to the gateway at `url`, signed in by an API key."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Accept": "application/json",
            "User-Agent": f"portway-cli/{__version__}",
        }
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if urlsplit(url).hostname in _LOOPBACK:
            # A proxy of the environment is for the outside world.
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def get(self, path: str, query: Mapping[str, object] | None = None) -> JsonObject:
        """What is found there; a member of the query that is None is left out, a list is repeated.

        Raises CommandFailed, as `post` does.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return self._call("GET", f"{path}?{urlencode(given, doseq=True)}" if given else path, None, {})

    def post(self, path: str, body: JsonObject, headers: Mapping[str, str] | None = None) -> JsonObject:
        """The answer to the body. Raises CommandFailed with what the gateway's problem says."""
        return self._call("POST", path, json.dumps(body).encode(), headers or {})

    def _call(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> JsonObject:
        sent = (
            self._headers | ({"Content-Type": "application/json"} if body is not None else {}) | dict(headers)
        )
        # The settings allow no other scheme than http and https.
        request = urllib.request.Request(self._url + path, data=body, headers=sent, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
                return _object(response.read())
        except urllib.error.HTTPError as error:
            with error:
                raise CommandFailed(_problem(error.code, error.read())) from None
        except urllib.error.URLError as error:
            raise CommandFailed(f"{self._url} does not answer: {one_line(error.reason)}") from None
        except (OSError, HTTPException) as error:
            raise CommandFailed(f"{self._url} does not answer as it should: {one_line(error)}") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The API has none, and the key must not travel on to somewhere else."""

    def redirect_request(  # noqa: PLR0917 -- as the base class has it
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def configured_gateway() -> Gateway | None:
    """The gateway that the environment names; None unless both PORTWAY_URL and PORTWAY_API_KEY are set."""
    settings = load_client_settings()
    if settings.url is None or settings.api_key is None:
        return None
    return Gateway(settings.url, settings.api_key.get_secret_value())


def required_gateway() -> Gateway:
    """The same; without PORTWAY_URL, one on this machine. Raises CommandFailed where there is no key."""
    settings = load_client_settings()
    if settings.api_key is None:
        raise CommandFailed("set PORTWAY_API_KEY; `portway keys create` makes a key")
    return Gateway(settings.url or DEFAULT_PUBLIC_URL, settings.api_key.get_secret_value())


def _object(body: bytes) -> JsonObject:
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise CommandFailed("that is no Portway: its answer is not a JSON object")
    return value


def _problem(status: int, body: bytes) -> str:
    """An RFC 9457 problem in one line."""
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "code" not in problem:
        return f"the gateway answered with status {status}"
    parts = [f"{problem['code']}: {problem.get('detail') or problem.get('title') or status}"]
    faults = problem.get("errors")
    if isinstance(faults, list):
        parts += [
            f"{fault.get('pointer')}: {fault.get('message')}" for fault in faults if isinstance(fault, dict)
        ]
    if isinstance(upstream := problem.get("upstream"), dict):
        parts.append(f"the service said {_excerpt(upstream.get('body'))}")
    if execution_id := problem.get("execution_id"):
        parts.append(f"execution {execution_id}")
    return "; ".join(map(str, parts))


def _excerpt(value: JsonValue) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[:_LONGEST_EXCERPT]}..."
