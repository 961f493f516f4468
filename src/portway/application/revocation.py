"""Ends the tokens of a deleted connection at the service (RFC 7009), in the background."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from portway.application.destinations import check_token_endpoints
from portway.application.language.documents import auth_config
from portway.application.oauth_client import find_client
from portway.application.ports.credential_vault import Revocable
from portway.application.ports.token_endpoint import Registration, TokenEndpoint, TokenEndpointUnavailable
from portway.domain.errors import InvalidIntegrationConfig, PortwayError

_log = logging.getLogger(__name__)

_PAUSES = (0.5, 2.0)


class RevocationResult(StrEnum):
    """What became of a connection's tokens at the service."""

    REVOKED = "revoked"
    NOTHING_TO_REVOKE = "nothing_to_revoke"
    FAILED = "failed"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class RevocationOutcome:
    """`detail` says why it failed."""

    revocation: RevocationResult
    detail: str | None = None


class RunningRevocation:
    """One that goes on by itself, whoever waits for it."""

    def __init__(self, task: asyncio.Task[RevocationOutcome] | None = None) -> None:
        self._task = task

    async def outcome(self, seconds: float) -> RevocationOutcome:
        """How it ended, or that it did not within this time."""
        if self._task is None:
            return RevocationOutcome(RevocationResult.NOTHING_TO_REVOKE)
        done, _ = await asyncio.wait((self._task,), timeout=seconds)
        return self._task.result() if done else RevocationOutcome(RevocationResult.PENDING)


class Revocation:
    """Whoever deletes a connection does not wait for it."""

    def __init__(
        self,
        token_endpoint: TokenEndpoint,
        environment: Mapping[str, str],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._token_endpoint = token_endpoint
        self._environment = environment
        self._sleep = sleep
        self._tasks: set[asyncio.Task[RevocationOutcome]] = set()

    def start(self, left: Revocable) -> RunningRevocation:
        """Revokes what is left, where the service has an endpoint for it. Failures are logged."""
        if not left.tokens or not _has_endpoint(left):
            return RunningRevocation()
        task = asyncio.create_task(self._revoke_all(left))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return RunningRevocation(task)

    async def finish(self) -> None:
        """Waits for those that are under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _revoke_all(self, left: Revocable) -> RevocationOutcome:
        integration = left.integration
        try:
            check_token_endpoints(integration, left.origins, left.config)
            client = find_client(integration, left.client, self._environment)
            registration = Registration(integration, client, left.config)
            for token_type, token in left.tokens.items():
                await self._revoke(registration, token, token_type)
        except PortwayError as error:
            _log.warning(
                "a deleted connection's token could not be revoked at %s: %s", integration.slug, error
            )
            return RevocationOutcome(RevocationResult.FAILED, error.detail)
        return RevocationOutcome(RevocationResult.REVOKED)

    async def _revoke(self, registration: Registration, token: str, token_type: str) -> None:
        for pause in _PAUSES:
            try:
                return await self._token_endpoint.revoke(registration, token, token_type)
            except TokenEndpointUnavailable:
                await self._sleep(pause)
        return await self._token_endpoint.revoke(registration, token, token_type)


def _has_endpoint(left: Revocable) -> bool:
    try:
        return auth_config(left.integration).revocation_url is not None
    except InvalidIntegrationConfig:
        return False
