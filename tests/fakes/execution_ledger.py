"""The execution ledger in memory."""

import asyncio
import json
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from portway.application.ports.execution_ledger import Closing, Grant, Opened, Opening
from portway.domain.action import Action
from portway.domain.builtin_actions import builtin_action
from portway.domain.connection import ConnectionStatus
from portway.domain.errors import (
    Forbidden,
    IdempotencyConflict,
    IdempotencyInFlight,
    IdempotencyOutcomeUnknown,
    NotFound,
    PortwayError,
    ReauthorizationRequired,
    Unauthenticated,
)
from portway.domain.execution import ExecutionStatus
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonValue
from portway.domain.rules.access_control import check_may_execute
from portway.domain.rules.execution_logging import redact
from tests.fakes.records import AuditRow
from tests.fakes.world import Claims, ConnectionRow, ExecutionRow, IdempotencyRow, World
from tests.replacing import replace

_GRACE = timedelta(seconds=30)
_KEY_LIFETIME = timedelta(hours=24)
_ANSWERS = frozenset({ExecutionStatus.SUCCESS, ExecutionStatus.ERROR, ExecutionStatus.REFUSED})


class InMemoryExecutionLedger:
    """Keeps its rows in a world. `failures` are raised by the next calls, one each.

    While `gate` is closed, nothing is closed; `closing` says that something would be.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.failures: list[PortwayError] = []
        self.closing = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def open(self, opening: Opening) -> Opened:
        await self._called()
        claims = self._world.claims(opening.sealed_pass)
        is_member = self._world.role_in(claims, opening.workspace_id) is not None
        found = self._connection(opening) if is_member else None
        action = self._action(opening, found)
        row = self._row(opening, claims, opening.workspace_id if is_member else None)
        row = self._with_what_is_known(row, found, action)
        deadline = self._deadline(opening, action)
        opened = Opened(row.id, row.executed_at)
        try:
            opened = replace(opened, grant=self._grant(opening, claims, found, action))
            if opening.idempotency_key is not None and claims is not None:
                held = self._hold_key(claims.user_id, opening.idempotency_key, opening, row, deadline)
                if held is not None:
                    return held
        except PortwayError as refusal:
            opened = replace(opened, grant=None, refusal=refusal)
            row = replace(row, status=ExecutionStatus.REFUSED, error_code=refusal.code, duration_ms=0.0)
        self._world.executions[row.id] = ExecutionRow(
            row, deadline, opened.grant.closing_key if opened.grant else None
        )
        return opened

    async def close(self, closing: Closing) -> None:
        # Whoever is cancelled meanwhile does not take the row along.
        await asyncio.shield(self._close(closing))

    async def _close(self, closing: Closing) -> None:
        await self._called()
        self.closing.set()
        await self.gate.wait()
        execution = self._world.executions.get(closing.execution_id)
        if execution is None or execution.row.executed_at != closing.executed_at:
            return
        if execution.closing_key != closing.closing_key:
            return
        self._settle_key(closing)
        if closing.status in _ANSWERS:
            execution.closing_key = None
            execution.row = replace(
                execution.row,
                status=closing.status,
                request_payload=(
                    execution.row.request_payload
                    if closing.request_payload is None
                    else _value(closing.request_payload)
                ),
                response_payload=_value(closing.response_payload),
                payload_truncated=closing.payload_truncated,
                error_code=closing.error_code,
                status_code=closing.status_code,
                duration_ms=closing.duration_ms,
                attempts=closing.attempts,
            )
            self._note_use(execution.row.connection_id)

    async def _called(self) -> None:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)

    def _row(self, opening: Opening, claims: Claims | None, workspace_id: UUID | None) -> AuditRow:
        return AuditRow(
            id=uuid4(),
            executed_at=self._world.clock(),
            status=ExecutionStatus.STARTED,
            user_id=claims.user_id if claims else None,
            organization_id=None,
            workspace_id=workspace_id,
            connection_id=None,
            integration_id=None,
            action_id=None,
            request_payload=_value(opening.request_payload) if claims else None,
            response_payload=None,
            payload_truncated=False,
            status_code=None,
            error_code=None,
            duration_ms=None,
            attempts=0,
        )

    def _connection(self, opening: Opening) -> ConnectionRow | None:
        found = self._world.connections.get(opening.connection_id) if opening.connection_id else None
        return found if found and found.connection.workspace_id == opening.workspace_id else None

    def _action(self, opening: Opening, found: ConnectionRow | None) -> Action | None:
        if found is None:
            return None
        integration = self._world.integrations[found.connection.integration_id]
        for action in self._world.actions.values():
            if action.integration_id == integration.id and action.slug == opening.action:
                return action
        return builtin_action(integration, opening.action) if opening.action else None

    def _deadline(self, opening: Opening, action: Action | None) -> datetime:
        limits = [opening.timeout_ms, action.timeout_ms if action else None]
        milliseconds = min((limit for limit in limits if limit is not None), default=30_000)
        return self._world.clock() + timedelta(milliseconds=milliseconds) + _GRACE

    def _grant(
        self, opening: Opening, claims: Claims | None, found: ConnectionRow | None, action: Action | None
    ) -> Grant:
        """In the order of the rules; raises the refusal."""
        if claims is None:
            raise Unauthenticated
        if opening.refusal is not None:
            raise opening.refusal
        if found is None or opening.workspace_id is None:
            raise NotFound
        check_may_execute(
            user_id=claims.user_id,
            scopes=claims.scopes,
            role=self._world.role_in(claims, opening.workspace_id),
            workspace_id=opening.workspace_id,
            connection=found.connection,
        )
        if action is None:
            raise NotFound(f"There is no action {opening.action}.")
        integration = self._world.integrations[found.connection.integration_id]
        _check_usable(found, integration)
        credential = found.credential() if found.authenticating else None
        return Grant(uuid4().hex, integration, action, found.connection, credential)

    def _with_what_is_known(
        self, row: AuditRow, found: ConnectionRow | None, action: Action | None
    ) -> AuditRow:
        """The ids of what the caller may see, and a payload without the secrets that can be told before the call."""
        if found is None:
            return row
        connection = found.connection
        return replace(
            row,
            organization_id=connection.organization_id,
            connection_id=connection.id,
            integration_id=connection.integration_id,
            action_id=action.id if action else None,
            request_payload=redact(
                row.request_payload,
                schema=dict(action.request_schema) if action else None,
                secrets=[] if found.spoiled else found.authenticating.values(),
            ),
        )

    def _hold_key(
        self, user_id: UUID, key: str, opening: Opening, row: AuditRow, deadline: datetime
    ) -> Opened | None:
        """None where this execution is the first with the key; the first one's answer where it is known."""
        now, keys = self._world.clock(), self._world.idempotency_keys
        held = keys.get((user_id, key))
        if held is None or held.expires_at < now:
            keys[user_id, key] = IdempotencyRow(
                opening.request_hash, row.id, row.executed_at, deadline, now + _KEY_LIFETIME
            )
            return None
        if held.request_hash != opening.request_hash:
            raise IdempotencyConflict
        if held.answer is not None:
            return Opened(held.execution_id, held.executed_at, replay=held.answer)
        if held.deadline < now:
            raise IdempotencyOutcomeUnknown
        raise IdempotencyInFlight

    def _note_use(self, connection_id: UUID | None) -> None:
        if connection_id in self._world.connections:
            used = self._world.connections[connection_id]
            used.connection = replace(used.connection, last_used_at=self._world.clock())

    def _settle_key(self, closing: Closing) -> None:
        for place, held in list(self._world.idempotency_keys.items()):
            if held.execution_id != closing.execution_id or held.answer is not None:
                continue
            if closing.frees_idempotency_key:
                del self._world.idempotency_keys[place]
            elif closing.idempotent_answer is not None:
                held.answer = closing.idempotent_answer


def _value(text: str | None) -> JsonValue:
    return None if text is None else json.loads(text)


def _check_usable(found: ConnectionRow, integration: Integration) -> None:
    if found.connection.status is ConnectionStatus.DISABLED:
        raise Forbidden("This connection is disabled.")
    if found.connection.status is ConnectionStatus.REAUTHORIZATION_REQUIRED or found.spoiled:
        raise ReauthorizationRequired
    if not found.authenticating and integration.auth_type is not AuthType.NONE:
        raise ReauthorizationRequired
