"""A request as a command for curl, to be pasted into a POSIX shell."""

import shlex

from portway.application.previewed_request import PreviewedRequest

_WITH_BODY = "POST"


def curl_command(request: PreviewedRequest) -> str:
    """One option a line. Bytes that are no text come from base64 through a pipe."""
    options = [*_method(request), shlex.quote(request.url)]
    options += [f"--header {shlex.quote(f'{name}: {value}')}" for name, value in request.headers.items()]
    before = ""
    if request.body is not None:
        options.append(f"--data-raw {shlex.quote(request.body)}")
    elif request.body_base64 is not None:
        before = f"printf %s {shlex.quote(request.body_base64)} | base64 -d | "
        options.append("--data-binary @-")
    return before + "curl " + " \\\n  ".join(options)


def _method(request: PreviewedRequest) -> list[str]:
    has_body = request.body is not None or request.body_base64 is not None
    if request.method == "HEAD":
        return ["--head"]
    usual = _WITH_BODY if has_body else "GET"
    return [] if request.method == usual else [f"--request {shlex.quote(request.method)}"]
