"""Errors of all parts as lines for the user."""

import psycopg

from portway.cli.failure import CommandFailed, one_line
from portway.domain.errors import InvalidParameters, MalformedRequest, PortwayError
from portway.infrastructure.embedded_postgres import EmbeddedPostgresError
from portway.infrastructure.postgres.key_rotation import RotationUnderWay
from portway.infrastructure.postgres.migrations import MigrationError
from portway.settings import SettingsError


def explanation(error: Exception) -> str | None:
    """What to tell the user of an error that is theirs; None for one that is not."""
    if isinstance(error, PortwayError):
        return one_line(_refusal(error))
    if isinstance(
        error,
        CommandFailed
        | SettingsError
        | EmbeddedPostgresError
        | MigrationError
        | RotationUnderWay
        | psycopg.Error,
    ):
        return one_line(error)
    return None


def _refusal(error: PortwayError) -> str:
    """The error's code, what it says, and every fault."""
    faults = error.faults if isinstance(error, MalformedRequest | InvalidParameters) else ()
    return " ".join(
        [f"{error.code}: {error.detail}", *(f"{fault.pointer} {fault.message}" for fault in faults)]
    )
