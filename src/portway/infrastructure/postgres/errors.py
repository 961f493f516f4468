"""Driver errors as the domain's own."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout

from portway.domain.errors import (
    AccountMismatch,
    Conflict,
    Forbidden,
    MalformedRequest,
    NotFound,
    Unauthenticated,
    Unavailable,
)


@contextmanager
def translated() -> Iterator[None]:
    """Turns what the database refuses into domain errors. The messages of our own functions are written for users."""
    try:
        yield
    except errors.NoDataFound as error:
        raise NotFound(_sentence(error)) from error
    except errors.InsufficientPrivilege as error:
        raise Forbidden(_raised_by_us(error)) from error
    except errors.InvalidAuthorizationSpecification as error:
        raise Unauthenticated(_raised_by_us(error)) from error
    except errors.UniqueViolation as error:
        raise Conflict(f"It exists already: {error.diag.message_detail or ''}".strip()) from error
    except errors.ForeignKeyViolation as error:
        raise Conflict("Something else still uses it, or what it refers to does not exist.") from error
    except errors.IntegrityConstraintViolation as error:
        raise AccountMismatch(_sentence(error)) from error
    except errors.DataCorrupted as error:
        raise Conflict(
            "A stored secret that this needs cannot be decrypted: it was altered, or its key is gone."
            " Connect again, or set the OAuth client again."
        ) from error
    except (errors.CheckViolation, errors.NotNullViolation, psycopg.DataError) as error:
        reason = error.diag.message_primary or str(error)
        raise MalformedRequest(f"The database refuses this value: {reason.rstrip('.')}.") from error
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed) as error:
        raise Unavailable from error


def _raised_by_us(error: psycopg.Error) -> str | None:
    """The message of a RAISE in a function; PostgreSQL's own ("permission denied for ...") say nothing to users."""
    return _sentence(error) if (error.diag.context or "").startswith("PL/pgSQL") else None


def _sentence(error: psycopg.Error) -> str:
    message = (error.diag.message_primary or "").strip()
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."
