"""What went wrong in an outgoing call, in the domain's words.

UpstreamUnreachable and EgressBlocked mean that this request did not leave the house; a connection that broke
after that is an UpstreamInvalidResponse, because the service may have acted. No message has more of the URL
than its host: paths and queries hold keys.
"""

import os
import ssl

import aiohttp
from aiohttp.http import HttpProcessingError

from portway.domain.errors import EgressBlocked, UpstreamFailure, UpstreamInvalidResponse, UpstreamUnreachable
from portway.infrastructure.http.guarded_connection import AddressRefused

FAILURES = (aiohttp.ClientError, aiohttp.EofStream, HttpProcessingError, OSError)
"""What aiohttp raises for a call that failed."""


def failure_of(error: Exception, host: str) -> UpstreamFailure:
    """The domain's error for one of FAILURES."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error, host)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return UpstreamUnreachable(f"{host} did not accept a connection in time.")
    if isinstance(error, aiohttp.InvalidURL):
        return EgressBlocked(f"{host} is not a host that can be called.")
    if isinstance(error, HttpProcessingError):
        return UpstreamInvalidResponse(f"What {host} answered is not valid HTTP.")
    if isinstance(error, aiohttp.ClientPayloadError):
        return UpstreamInvalidResponse(f"The answer of {host} broke off, or is not encoded as it says.")
    return UpstreamInvalidResponse(f"{host} closed the connection without a complete answer.")


def blocked(host: str) -> EgressBlocked:
    """The refusal of a host. It does not say which addresses the host has: that is nobody's business."""
    return EgressBlocked(
        f"{host} is not at an address that outgoing calls may reach. "
        "The operator can allow its network with PORTWAY_ALLOW_PRIVATE_NETWORKS."
    )


def _not_connected(error: aiohttp.ClientConnectorError, host: str) -> UpstreamFailure:
    cause = error.os_error
    if isinstance(cause, AddressRefused):
        return blocked(host)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return UpstreamUnreachable(f"The certificate of {host} is not trusted: {cause.verify_message}.")
    if isinstance(cause, ssl.SSLError):
        return UpstreamUnreachable(f"No TLS connection to {host}: {cause.reason or 'the handshake failed'}.")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return UpstreamUnreachable(f"The name {host} could not be resolved.")
    # The error's own text would name the addresses.
    reason = os.strerror(cause.errno) if cause.errno and cause.errno > 0 else "failed"
    return UpstreamUnreachable(f"No connection to {host}: {reason}.")
