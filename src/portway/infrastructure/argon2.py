"""Argon2id (RFC 9106) off the event loop."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

from argon2.low_level import Type, hash_secret_raw

from portway.domain.errors import RateLimited

# RFC 9106, section 4, second recommendation: 64 MiB, three passes, four lanes.
DEFAULT_PARAMETERS = "argon2id$v=19$m=65536,t=3,p=4"

_FORM = re.compile(r"argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})")
_HASH_BYTES = 32
_AT_ONCE = 2
_MAX_WAITING = 32


class Argon2PasswordHasher:
    """Hashes at most two passwords at a time: each takes its memory and, while it runs, whole cores."""

    def __init__(self, parameters: str = DEFAULT_PARAMETERS) -> None:
        self._parameters = parameters
        self._threads = ThreadPoolExecutor(_AT_ONCE, "argon2")
        self._waiting = 0

    @property
    def parameters(self) -> str:
        """See the port."""
        return self._parameters

    async def hash(self, password: str, salt: bytes, parameters: str) -> bytes:
        """See the port. Raises ValueError for parameters that are not Argon2id's."""
        if self._waiting >= _MAX_WAITING:
            raise RateLimited(1.0, "Too many people are signing in at this moment; try again shortly.")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, _hash, password, salt, parameters)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _hash(password: str, salt: bytes, parameters: str) -> bytes:
    form = _FORM.fullmatch(parameters)
    if form is None:
        raise ValueError(f"not the parameters of Argon2id version 1.3: {parameters}")
    memory, passes, lanes = map(int, form.groups())
    return hash_secret_raw(
        password.encode(),
        salt,
        time_cost=passes,
        memory_cost=memory,
        parallelism=lanes,
        hash_len=_HASH_BYTES,
        type=Type.ID,
        version=19,
    )
