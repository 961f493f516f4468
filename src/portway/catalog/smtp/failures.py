"""What a mail server refuses, in the domain's words."""

import ssl

import aiosmtplib

from portway.domain.errors import (
    UpstreamError,
    UpstreamFailure,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from portway.domain.json_value import JsonValue

FAILURES = (aiosmtplib.SMTPException, OSError)
"""What aiosmtplib raises where a message could not be handed in."""

# SMTP's codes are no HTTP statuses. These say the same to whoever looks at `upstream.status_code`; the server's own
# code and words are in the body.
REFUSED_SIGN_IN = 401
REFUSED = 422
NOT_NOW = 503


def failure_of(error: Exception, host: str) -> UpstreamFailure:
    """The domain's error for one of FAILURES."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        recipients: list[JsonValue] = [
            {"address": one.recipient, **reply(one.code, one.message)} for one in error.recipients
        ]
        return _refused(host, min(one.code for one in error.recipients), {"recipients": recipients})
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500:
        words = f"{host} refused the user name or the password; see `upstream`."
        return UpstreamError(REFUSED_SIGN_IN, reply(error.code, error.message), {}, words)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _refused(host, error.code, reply(error.code, error.message))
    return _broken(error, host)


def reply(code: int, message: str) -> dict[str, JsonValue]:
    """A server's code (RFC 5321, section 4.2) and words."""
    return {"code": code, "message": message}


def _refused(host: str, code: int, body: JsonValue) -> UpstreamError:
    if code < 500:
        return UpstreamError(NOT_NOW, body, {}, f"{host} does not take the message now; try again later.")
    return UpstreamError(REFUSED, body, {}, f"{host} refused the message; see `upstream`.")


def _broken(error: Exception, host: str) -> UpstreamFailure:
    """No answer, or none that SMTP allows."""
    cause = error if isinstance(error, ssl.SSLError) else error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return UpstreamUnreachable(f"The certificate of {host} is not trusted: {cause.verify_message}.")
    if isinstance(cause, ssl.SSLError):
        return UpstreamUnreachable(f"No TLS connection to {host}: {cause.reason or 'the handshake failed'}.")
    if isinstance(error, TimeoutError):
        return UpstreamTimeout(f"{host} did not answer in time.")
    if isinstance(error, OSError):
        return UpstreamInvalidResponse(f"{host} closed the connection, or does not speak SMTP as it should.")
    # What the server lacks: STARTTLS, AUTH, SMTPUTF8. aiosmtplib's own words hold nothing of the message.
    return UpstreamUnreachable(f"{host} cannot be used: {error}")
