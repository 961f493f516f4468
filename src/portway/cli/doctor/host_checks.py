"""What is to be seen without the database: the environment, the disk, Redis."""

import os
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import unquote, urlsplit

from portway.cli.doctor.finding import Finding, broken, fine, warning
from portway.cli.failure import one_line
from portway.settings import Settings, unknown_variables

_GIB = 1024**3
_LITTLE_BYTES = 2 * _GIB
_NOTHING_BYTES = _GIB // 4
_REDIS_SECONDS = 5.0


def environment(settings: Settings) -> Iterator[Finding]:
    """Variables that mean nothing, and a public URL that others can read along."""
    unknown = unknown_variables(os.environ)
    if unknown:
        yield warning(
            "environment",
            f"unknown: {', '.join(unknown)}",
            "a misspelt name changes nothing: correct or remove it",
        )
    parts = urlsplit(settings.public_url)
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        yield warning(
            "environment",
            "PORTWAY_PUBLIC_URL is not https: API keys and sessions travel in the clear",
            "put a proxy with TLS in front of Portway, and name its https URL",
        )
    if not unknown:
        yield fine("environment", "every PORTWAY_ variable is known")


def disk(settings: Settings, *, embedded: bool) -> Iterator[Finding]:
    """The space left where the embedded database keeps its data; another database's disk is not ours to see."""
    if not embedded:
        return
    free = shutil.disk_usage(settings.data_dir).free
    message = f"{free / _GIB:.1f} GiB are free in {settings.data_dir}"
    if free < _NOTHING_BYTES:
        yield broken("disk", message, "make room: PostgreSQL stops when it cannot write")
    elif free < _LITTLE_BYTES:
        yield warning("disk", message, "make room before the audit log grows further")
    else:
        yield fine("disk", message)


def redis(settings: Settings) -> Iterator[Finding]:
    """Whether Redis answers, where it is configured."""
    if settings.redis_url is None:
        return
    advice = "check PORTWAY_REDIS_URL and that Redis runs"
    try:
        answer = _ping(settings.redis_url.get_secret_value())
    except (OSError, ssl.SSLError, ValueError) as error:
        yield broken("redis", f"does not answer: {one_line(error)}", advice)
        return
    if answer == "+PONG":
        yield fine("redis", "answers")
    else:
        yield broken("redis", f"refuses: {one_line(answer)}", advice)


def _ping(url: str) -> str:
    """The last line that Redis answers to AUTH (where the URL has a password) and PING (RESP, version 2)."""
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    commands = [["PING"]]
    if parts.password:
        user = [unquote(parts.username)] if parts.username else []
        commands.insert(0, ["AUTH", *user, unquote(parts.password)])
    with ExitStack() as stack:
        connection = stack.enter_context(socket.create_connection((host, parts.port or 6379), _REDIS_SECONDS))
        if parts.scheme == "rediss":
            tls = ssl.create_default_context()
            connection = stack.enter_context(tls.wrap_socket(connection, server_hostname=host))
        stream = stack.enter_context(connection.makefile("rwb"))
        answer = ""
        for command in commands:
            words = [f"${len(word.encode())}\r\n{word}\r\n" for word in command]
            stream.write(f"*{len(words)}\r\n{''.join(words)}".encode())
            stream.flush()
            answer = stream.readline().decode(errors="replace").strip()
            if answer.startswith("-"):
                break
    return answer
