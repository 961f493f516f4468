"""Slow hashing of passwords."""

from typing import Protocol


class PasswordHasher(Protocol):
    """Computes what proves that somebody knows a password."""

    @property
    def parameters(self) -> str:
        """What new passwords are hashed with, in PHC notation without salt and hash."""
        ...

    async def hash(self, password: str, salt: bytes, parameters: str) -> bytes:
        """The hash, of 32 bytes. Raises RateLimited where too many are being computed already."""
        ...
