"""Argon2id."""

import asyncio
from collections.abc import Iterator

import pytest

from portway.domain.errors import RateLimited
from portway.infrastructure.argon2 import DEFAULT_PARAMETERS, Argon2PasswordHasher

QUICK = "argon2id$v=19$m=64,t=1,p=1"


@pytest.fixture
def hasher() -> Iterator[Argon2PasswordHasher]:
    made = Argon2PasswordHasher()
    yield made
    made.close()


async def test_is_what_the_rfc_says(hasher: Argon2PasswordHasher) -> None:
    # From the tests of the reference implementation.
    proof = await hasher.hash("password", b"somesalt", "argon2id$v=19$m=256,t=2,p=1")

    assert proof.hex() == "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"


async def test_depends_on_everything(hasher: Argon2PasswordHasher) -> None:
    proofs = {
        await hasher.hash(password, salt, parameters)
        for password in ("one", "two", "ﬁ")
        for salt in (b"0123456789abcdef", b"fedcba9876543210")
        for parameters in (QUICK, "argon2id$v=19$m=64,t=2,p=1", "argon2id$v=19$m=64,t=1,p=2")
    }

    assert len(proofs) == 18


def test_new_passwords_get_what_rfc_9106_recommends(hasher: Argon2PasswordHasher) -> None:
    assert hasher.parameters == DEFAULT_PARAMETERS == "argon2id$v=19$m=65536,t=3,p=4"


@pytest.mark.parametrize(
    "parameters", ["", "argon2i$v=19$m=64,t=1,p=1", "argon2id$v=16$m=64,t=1,p=1", QUICK + "x"]
)
async def test_knows_no_other_algorithm(hasher: Argon2PasswordHasher, parameters: str) -> None:
    with pytest.raises(ValueError, match="not the parameters"):
        await hasher.hash("x", b"0123456789abcdef", parameters)


async def test_refuses_what_would_only_wait(hasher: Argon2PasswordHasher) -> None:
    slow = "argon2id$v=19$m=8192,t=3,p=1"
    results = await asyncio.gather(
        *(hasher.hash("x", b"0123456789abcdef", slow) for _ in range(40)), return_exceptions=True
    )

    refused = [result for result in results if isinstance(result, RateLimited)]
    assert len(refused) == 8
    assert len({result for result in results if isinstance(result, bytes)}) == 1
    assert await hasher.hash("x", b"0123456789abcdef", QUICK)
