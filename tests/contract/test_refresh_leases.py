"""The credential vault: one refresh at a time, over all nodes."""

import asyncio
from datetime import timedelta

import pytest

from portway.application.ports.renewals import LeaseOutcome
from portway.domain.connection import ConnectionStatus
from portway.domain.credential import OAuthClient
from portway.domain.errors import Forbidden, NotFound
from portway.domain.organization import Role
from tests.contract.arrangements import TOKENS, a_setting, an_outcome, granted, new_tokens
from tests.contract.worlds import ContractWorld


async def test_one_gets_the_lease_and_the_others_wait(world: ContractWorld) -> None:
    setting = await a_setting(world)
    leases = await asyncio.gather(*(setting.lease() for _ in range(8)))
    held = [lease for lease in leases if lease.outcome is LeaseOutcome.LEASED]
    assert [lease.outcome for lease in leases].count(LeaseOutcome.WAIT) == 7
    assert len(held) == 1
    assert held[0].refresh_token == TOKENS["refresh_token"]
    assert held[0].refresh_pass
    assert (held[0].client, held[0].credential, held[0].interrupted) == (None, None, False)
    for lease in leases:
        if lease is not held[0]:
            assert (lease.refresh_pass, lease.refresh_token, lease.credential) == ("", "", None)


async def test_it_comes_with_the_organizations_own_client(world: ContractWorld) -> None:
    setting = await a_setting(world)
    client = OAuthClient("our-client", "our-client-secret")
    await setting.use_client(client)
    assert (await setting.leased(seen_version=2)).client == client


async def test_who_saw_an_older_version_gets_the_stored_one(world: ContractWorld) -> None:
    expires_at = world.now() + timedelta(hours=1)
    setting = await a_setting(world, expires_at=expires_at)
    fresh = await setting.lease(seen_version=0)
    assert fresh.outcome is LeaseOutcome.FRESH
    assert (fresh.refresh_pass, fresh.refresh_token) == ("", "")
    assert fresh.credential is not None
    assert fresh.credential.values == {"access_token": TOKENS["access_token"]}
    assert (fresh.credential.version, fresh.credential.expires_at) == (1, expires_at)
    assert fresh.credential == granted(await setting.open()).credential


async def test_even_while_somebody_refreshes_that_one(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await setting.leased()
    assert (await setting.lease(seen_version=0)).outcome is LeaseOutcome.FRESH


async def test_without_a_refresh_token_it_is_gone(world: ContractWorld) -> None:
    setting = await a_setting(world, secrets={"access_token": "the only one"})
    assert (await setting.lease()).outcome is LeaseOutcome.GONE


@pytest.mark.parametrize("seen_version", [0, 1])
async def test_so_is_one_that_needs_its_owner_or_was_disabled(
    world: ContractWorld, seen_version: int
) -> None:
    setting = await a_setting(world)
    mine = (setting.owner.sealed_pass, setting.connection_id)
    await world.vault.set_disabled(*mine, disabled=True)
    assert (await setting.lease(seen_version)).outcome is LeaseOutcome.GONE
    await world.vault.set_disabled(*mine, disabled=False)
    await world.renewals.mark_reauthorization_required(*mine, 1)
    lost = await setting.lease(seen_version)
    assert (lost.outcome, lost.credential) == (LeaseOutcome.GONE, None)


async def test_so_is_one_whose_secrets_do_not_decrypt(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.spoil(setting.connection_id)
    for seen_version in (0, 1):
        lost = await setting.lease(seen_version)
        assert (lost.outcome, lost.credential, lost.refresh_token) == (LeaseOutcome.GONE, None, "")


async def test_who_may_not_use_it_does_not_refresh_it(world: ContractWorld) -> None:
    setting = await a_setting(world)
    reader = await world.seal(setting.owner, scopes=["connections:read", "logs:read"])
    for action in (world.renewals.lease_refresh(reader, setting.connection_id, 1, 60),
                   world.renewals.mark_reauthorization_required(reader, setting.connection_id, 1)):  # fmt: skip
        with pytest.raises(Forbidden):
            await action
    await world.join(setting.owner, setting.owner, Role.VIEWER)
    with pytest.raises(Forbidden):
        await setting.lease()
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE


async def test_who_may_only_execute_does(world: ContractWorld) -> None:
    setting = await a_setting(world)
    limited = await world.seal(setting.owner, scopes=["execute"])
    lease = await world.renewals.lease_refresh(limited, setting.connection_id, 1, 60)
    assert lease.outcome is LeaseOutcome.LEASED


async def test_nobody_refreshes_anothers_connection(world: ContractWorld) -> None:
    setting, admin, stranger = await a_setting(world), await world.person(), await world.person()
    await world.join(admin, setting.owner, Role.ADMIN)
    with pytest.raises(Forbidden):
        await world.renewals.lease_refresh(admin.sealed_pass, setting.connection_id, 1, 60)
    with pytest.raises(NotFound):
        await world.renewals.lease_refresh(stranger.sealed_pass, setting.connection_id, 1, 60)
    await setting.leased()


async def test_a_holder_who_vanished_is_followed_by_another(world: ContractWorld) -> None:
    setting = await a_setting(world)
    first = await setting.leased()
    await world.expire_lease(setting.connection_id)
    second = await setting.leased()
    assert second.interrupted
    assert second.refresh_pass != first.refresh_pass
    assert second.refresh_token == TOKENS["refresh_token"]
    assert (await setting.lease()).outcome is LeaseOutcome.WAIT


# Storing


async def test_what_is_stored_is_everybodys_at_once(world: ContractWorld) -> None:
    setting = await a_setting(world, expires_at=world.now() + timedelta(minutes=1))
    await world.set_scopes(setting.connection_id, "read")
    lease = await setting.leased()
    tokens = new_tokens(world)
    stored = await world.renewals.store_refresh(lease.refresh_pass, tokens)
    assert stored is not None
    assert stored.values == {"access_token": "second-access-token"}
    assert (stored.version, stored.expires_at) == (2, tokens.expires_at)
    assert stored.issued_at is not None
    assert abs(stored.issued_at - world.now()) < timedelta(minutes=1)
    assert granted(await setting.open()).credential == stored
    assert (await setting.lease(seen_version=1)).credential == stored
    row = await setting.stored()
    assert row.secrets == {"access_token": "second-access-token", "refresh_token": "second-refresh-token"}
    assert (row.scopes, row.expires_at) == (("read",), tokens.expires_at)
    following = await setting.leased(seen_version=2)
    assert (following.refresh_token, following.interrupted) == ("second-refresh-token", False)


async def test_a_token_that_does_not_rotate(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.renewals.store_refresh(
        lease.refresh_pass, new_tokens(world, refresh_token=None, expires_at=None)
    )
    row = await setting.stored()
    assert row.secrets == {
        "access_token": "second-access-token",
        "refresh_token": TOKENS["refresh_token"],
    }
    assert row.expires_at is None


async def test_other_scopes_than_before(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.renewals.store_refresh(lease.refresh_pass, new_tokens(world, scopes=("less",)))
    assert (await setting.stored()).scopes == ("less",)


async def test_nothing_is_stored_twice(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    assert await world.renewals.store_refresh(lease.refresh_pass, new_tokens(world)) is not None
    assert await world.renewals.store_refresh(lease.refresh_pass, new_tokens(world, "third")) is None
    assert (await setting.stored()).secrets["access_token"] == "second-access-token"


async def test_a_late_answer_is_stored_where_nothing_newer_is(world: ContractWorld) -> None:
    """It may be the only refresh token that is still good."""
    setting = await a_setting(world)
    slow = await setting.leased()
    await world.expire_lease(setting.connection_id)
    other = await setting.leased()
    assert await world.renewals.store_refresh(slow.refresh_pass, new_tokens(world, "slow")) is not None
    assert await world.renewals.store_refresh(other.refresh_pass, new_tokens(world, "other")) is None
    assert (await setting.stored()).secrets["refresh_token"] == "slow-refresh-token"


async def test_what_the_owner_replaced_meanwhile_stays(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.vault.replace_secret(
        setting.owner.sealed_pass, setting.connection_id, an_outcome({"access_token": "by hand"})
    )
    assert await world.renewals.store_refresh(lease.refresh_pass, new_tokens(world)) is None
    assert (await setting.stored()).secrets == {"access_token": "by hand"}


async def test_only_with_a_lease(world: ContractWorld) -> None:
    setting = await a_setting(world)
    for sealed_pass in (setting.owner.sealed_pass, "nobody's", ""):
        assert await world.renewals.store_refresh(sealed_pass, new_tokens(world)) is None
        await world.renewals.release_refresh(sealed_pass, reauthorization_required=True)
    row = await setting.stored()
    assert (row.status, row.version, row.secrets) == (ConnectionStatus.ACTIVE, 1, TOKENS)


async def test_a_deleted_connection_stays_deleted(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.vault.delete_connection(setting.owner.sealed_pass, setting.connection_id)
    assert await world.renewals.store_refresh(lease.refresh_pass, new_tokens(world)) is None
    await world.renewals.release_refresh(lease.refresh_pass, reauthorization_required=True)
    assert await world.stored(setting.connection_id) is None


# Giving it back


async def test_given_back_it_can_be_had_again_at_once(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.renewals.release_refresh(lease.refresh_pass, reauthorization_required=False)
    again = await setting.leased()
    assert not again.interrupted
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE


async def test_with_a_grant_that_is_gone_the_owner_is_needed(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.renewals.release_refresh(lease.refresh_pass, reauthorization_required=True)
    assert (await setting.stored()).status is ConnectionStatus.REAUTHORIZATION_REQUIRED


async def test_not_where_something_newer_is_stored(world: ContractWorld) -> None:
    setting = await a_setting(world)
    slow = await setting.leased()
    await world.expire_lease(setting.connection_id)
    other = await setting.leased()
    await world.renewals.store_refresh(other.refresh_pass, new_tokens(world))
    await world.renewals.release_refresh(slow.refresh_pass, reauthorization_required=True)
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE


async def test_nobody_gives_back_anothers_lease(world: ContractWorld) -> None:
    setting = await a_setting(world)
    slow = await setting.leased()
    await world.expire_lease(setting.connection_id)
    await setting.leased()
    await world.renewals.release_refresh(slow.refresh_pass, reauthorization_required=False)
    assert (await setting.lease()).outcome is LeaseOutcome.WAIT


async def test_of_a_disabled_connection_it_shows_later(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.vault.set_disabled(setting.owner.sealed_pass, setting.connection_id, disabled=True)
    await world.renewals.release_refresh(lease.refresh_pass, reauthorization_required=True)
    assert (await setting.stored()).status is ConnectionStatus.DISABLED
    await world.vault.set_disabled(setting.owner.sealed_pass, setting.connection_id, disabled=False)
    assert (await setting.stored()).status is ConnectionStatus.REAUTHORIZATION_REQUIRED


# Marking


async def test_the_version_that_was_refused_is_marked(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.renewals.mark_reauthorization_required(setting.owner.sealed_pass, setting.connection_id, 1)
    assert (await setting.stored()).status is ConnectionStatus.REAUTHORIZATION_REQUIRED


async def test_a_newer_one_is_not(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.renewals.store_refresh(lease.refresh_pass, new_tokens(world))
    await world.renewals.mark_reauthorization_required(setting.owner.sealed_pass, setting.connection_id, 1)
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE


async def test_nobody_marks_anothers(world: ContractWorld) -> None:
    setting, admin, stranger = await a_setting(world), await world.person(), await world.person()
    await world.join(admin, setting.owner, Role.ADMIN)
    with pytest.raises(Forbidden):
        await world.renewals.mark_reauthorization_required(admin.sealed_pass, setting.connection_id, 1)
    with pytest.raises(NotFound):
        await world.renewals.mark_reauthorization_required(stranger.sealed_pass, setting.connection_id, 1)
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE
