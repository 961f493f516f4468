"""Renewals: one at a time, over all nodes."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from portway.application.ports.renewals import LeaseOutcome, RefreshLease, Release, Renewable
from portway.domain.connection import ConnectionStatus
from portway.domain.credential import OAuthClient
from portway.domain.errors import Forbidden, NotFound, Unauthenticated
from portway.domain.integration import AuthType
from portway.domain.organization import Role
from tests.contract.arrangements import TOKENS, Setting, a_setting, an_outcome, granted, new_tokens
from tests.contract.worlds import ContractWorld
from tests.fakes.definitions import ORIGIN, an_integration


async def test_one_gets_the_lease_and_the_others_wait(world: ContractWorld) -> None:
    setting = await a_setting(world)
    leases = await asyncio.gather(*(setting.lease() for _ in range(8)))
    held = [lease for lease in leases if lease.outcome is LeaseOutcome.LEASED]
    assert [lease.outcome for lease in leases].count(LeaseOutcome.WAIT) == 7
    assert len(held) == 1
    assert held[0].grant == {"refresh_token": TOKENS["refresh_token"]}
    assert held[0].refresh_pass
    assert (held[0].client, held[0].credential, held[0].interrupted) == (None, None, False)
    for lease in leases:
        if lease is not held[0]:
            assert (lease.refresh_pass, lease.grant, lease.credential) == ("", {}, None)


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
    assert (fresh.refresh_pass, fresh.grant) == ("", {})
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
        assert (lost.outcome, lost.credential, lost.grant) == (LeaseOutcome.GONE, None, {})


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
    assert second.grant == {"refresh_token": TOKENS["refresh_token"]}
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
    assert (following.grant["refresh_token"], following.interrupted) == ("second-refresh-token", False)


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
        await world.renewals.release_refresh(sealed_pass, Release.GRANT_GONE)
    row = await setting.stored()
    assert (row.status, row.version, row.secrets) == (ConnectionStatus.ACTIVE, 1, TOKENS)


async def test_a_deleted_connection_stays_deleted(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.vault.delete_connection(setting.owner.sealed_pass, setting.connection_id)
    assert await world.renewals.store_refresh(lease.refresh_pass, new_tokens(world)) is None
    await world.renewals.release_refresh(lease.refresh_pass, Release.GRANT_GONE)
    assert await world.stored(setting.connection_id) is None


# Giving it back


async def test_given_back_it_can_be_had_again_at_once(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.renewals.release_refresh(lease.refresh_pass, Release.UNUSED)
    again = await setting.leased()
    assert not again.interrupted
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE


async def test_with_a_grant_that_is_gone_the_owner_is_needed(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.renewals.release_refresh(lease.refresh_pass, Release.GRANT_GONE)
    assert (await setting.stored()).status is ConnectionStatus.REAUTHORIZATION_REQUIRED


async def test_not_where_something_newer_is_stored(world: ContractWorld) -> None:
    setting = await a_setting(world)
    slow = await setting.leased()
    await world.expire_lease(setting.connection_id)
    other = await setting.leased()
    await world.renewals.store_refresh(other.refresh_pass, new_tokens(world))
    await world.renewals.release_refresh(slow.refresh_pass, Release.GRANT_GONE)
    assert (await setting.stored()).status is ConnectionStatus.ACTIVE


async def test_nobody_gives_back_anothers_lease(world: ContractWorld) -> None:
    setting = await a_setting(world)
    slow = await setting.leased()
    await world.expire_lease(setting.connection_id)
    await setting.leased()
    await world.renewals.release_refresh(slow.refresh_pass, Release.UNUSED)
    assert (await setting.lease()).outcome is LeaseOutcome.WAIT


async def test_of_a_disabled_connection_it_shows_later(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.vault.set_disabled(setting.owner.sealed_pass, setting.connection_id, disabled=True)
    await world.renewals.release_refresh(lease.refresh_pass, Release.GRANT_GONE)
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


# Prolonging


async def test_who_prolongs_a_lease_keeps_it(world: ContractWorld) -> None:
    setting = await a_setting(world)
    lease = await setting.leased()
    await world.expire_lease(setting.connection_id)
    assert await world.renewals.renew_lease(lease.refresh_pass, 60)
    assert (await setting.lease()).outcome is LeaseOutcome.WAIT


async def test_a_lost_lease_is_not_prolonged(world: ContractWorld) -> None:
    setting = await a_setting(world)
    slow = await setting.leased()
    await world.expire_lease(setting.connection_id)
    other = await setting.leased()
    assert not await world.renewals.renew_lease(slow.refresh_pass, 60)
    await world.renewals.release_refresh(other.refresh_pass, Release.UNUSED)
    for lost in (slow.refresh_pass, other.refresh_pass, setting.owner.sealed_pass, "", "forged"):
        assert not await world.renewals.renew_lease(lost, 60)


# The pause after a failure


async def test_after_a_failure_it_is_left_alone_for_a_while(world: ContractWorld) -> None:
    setting = await a_setting(world)
    pauses = []
    for _ in range(4):
        lease = await setting.leased()
        await world.renewals.release_refresh(lease.refresh_pass, Release.FAILED)
        later = await setting.lease()
        assert (later.outcome, later.grant, later.refresh_pass) == (LeaseOutcome.LATER, {}, "")
        pauses.append(later.retry_seconds)
        await world.end_pause(setting.connection_id)
    for pause, usual in zip(pauses, (2, 4, 8, 16), strict=True):
        assert 0.7 * usual < pause < 1.3 * usual


async def test_the_pause_does_not_grow_for_ever(world: ContractWorld) -> None:
    setting = await a_setting(world)
    pause = 0.0
    for _ in range(12):
        await world.renewals.release_refresh((await setting.leased()).refresh_pass, Release.FAILED)
        pause = (await setting.lease()).retry_seconds
        await world.end_pause(setting.connection_id)
    assert 200 < pause < 400


async def test_success_ends_it(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.renewals.release_refresh((await setting.leased()).refresh_pass, Release.FAILED)
    await world.end_pause(setting.connection_id)
    await world.renewals.store_refresh((await setting.leased()).refresh_pass, new_tokens(world))
    await world.renewals.release_refresh((await setting.leased(2)).refresh_pass, Release.FAILED)
    assert (await setting.lease(2)).retry_seconds < 3


async def test_so_does_a_new_credential(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.renewals.release_refresh((await setting.leased()).refresh_pass, Release.FAILED)
    await world.vault.replace_secret(setting.owner.sealed_pass, setting.connection_id, an_outcome())
    await setting.leased(2)


async def test_a_refused_token_is_renewed_in_the_pause_once(world: ContractWorld) -> None:
    setting = await a_setting(world)
    await world.renewals.release_refresh((await setting.leased()).refresh_pass, Release.FAILED)
    forced = await setting.lease(refused=True)
    assert forced.outcome is LeaseOutcome.LEASED
    await world.renewals.release_refresh(forced.refresh_pass, Release.FAILED)
    again = await setting.lease(refused=True)
    assert again.outcome is LeaseOutcome.LATER
    assert again.retry_seconds > 2.5


async def test_an_old_failure_says_nothing_of_a_new_credential(world: ContractWorld) -> None:
    setting = await a_setting(world)
    slow = await setting.leased()
    await world.expire_lease(setting.connection_id)
    await world.renewals.store_refresh((await setting.leased()).refresh_pass, new_tokens(world))
    await world.renewals.release_refresh(slow.refresh_pass, Release.FAILED)
    await setting.leased(2)


# The pass


async def just_expired(world: ContractWorld, setting: Setting) -> tuple[str, UUID, int]:
    """Of the owner's, a pass that was good until now, with the connection and its version."""
    await world.let_pass(0.05)
    sealed_pass = await world.seal(setting.owner, lifetime=timedelta(seconds=-0.02))
    return sealed_pass, setting.connection_id, 1


async def test_an_open_execution_outlasts_its_pass(world: ContractWorld) -> None:
    setting = await a_setting(world)
    with pytest.raises(Unauthenticated):
        await world.renewals.lease_refresh(*await just_expired(world, setting), 60)
    opened = await setting.open()
    mine = await just_expired(world, setting)
    assert (await world.renewals.lease_refresh(*mine, 60)).outcome is LeaseOutcome.LEASED
    await world.renewals.mark_reauthorization_required(*mine)
    assert (await setting.stored()).status is ConnectionStatus.REAUTHORIZATION_REQUIRED
    await setting.close(opened)
    with pytest.raises(Unauthenticated):
        await world.renewals.lease_refresh(*mine, 60)


async def test_but_for_its_own_connection_only(world: ContractWorld) -> None:
    setting = await a_setting(world)
    other = await a_setting(world, owner=setting.owner)
    await setting.open()
    expired, _, _ = await just_expired(world, setting)
    with pytest.raises(Unauthenticated):
        await world.renewals.lease_refresh(expired, other.connection_id, 1, 60)


async def test_nor_does_a_later_one_revive_it(world: ContractWorld) -> None:
    setting = await a_setting(world)
    mine = await just_expired(world, setting)
    await setting.open()
    with pytest.raises(Unauthenticated):
        await world.renewals.lease_refresh(*mine, 60)


# Other grants than a refresh token


async def test_a_grant_is_all_that_no_call_needs(world: ContractWorld) -> None:
    setting = await a_setting(
        world,
        integration=an_integration(AuthType.OAUTH2_CLIENT_CREDENTIALS),
        secrets={"access_token": "first"},
        established={"grant": {"client_id": "own-id", "client_secret": "own-secret"}},
    )
    lease = await setting.leased()
    assert lease.grant == {"client_id": "own-id", "client_secret": "own-secret"}
    stored = await world.renewals.store_refresh(
        lease.refresh_pass, new_tokens(world, refresh_token=None, members={"region_key": "eu"})
    )
    assert stored is not None
    assert stored.values == {"access_token": "second-access-token", "region_key": "eu"}
    following = await setting.leased(2)
    assert following.grant == {"client_id": "own-id", "client_secret": "own-secret", "region_key": "eu"}


async def test_client_credentials_may_be_those_of_the_client(world: ContractWorld) -> None:
    integration = an_integration(AuthType.OAUTH2_CLIENT_CREDENTIALS)
    setting = await a_setting(world, integration=integration, secrets={"access_token": "first"})
    assert (await setting.leased()).grant == {}


async def test_a_login_may_be_with_what_calls_need_too(world: ContractWorld) -> None:
    integration = an_integration(
        AuthType.CUSTOM, auth_config={"login": {"url": "https://auth.example/login"}}
    )
    setting = await a_setting(
        world, integration=integration, secrets={"access_token": "first", "tenant": "t"}
    )
    assert (await setting.leased()).grant == {"tenant": "t"}


# Without a caller


async def due(world: ContractWorld) -> dict[UUID, tuple[Renewable, RefreshLease]]:
    """All that is leased without a caller, by connection."""
    found: dict[UUID, tuple[Renewable, RefreshLease]] = {}
    while leased := await world.renewals.lease_due(4, 60):
        found |= {target.connection_id: (target, lease) for target, lease in leased}
    return found


async def expiring(world: ContractWorld, *, left: float = 60, lives: float = 3600, **members: Any) -> Setting:
    """A connection with a token that has this many seconds left of those that it lives."""
    setting = await a_setting(world, expires_at=world.now() + timedelta(seconds=left), **members)
    await world.issue(setting.connection_id, timedelta(seconds=left - lives))
    return setting


async def test_what_is_about_to_expire_is_leased_with_all_that_it_needs(world: ContractWorld) -> None:
    setting = await expiring(world)
    target, lease = (await due(world))[setting.connection_id]
    assert target.integration.id == setting.integration.id
    assert target.config == {"subdomain": "acme"}
    assert tuple(target.origins) == (ORIGIN,)
    assert lease.grant == {"refresh_token": TOKENS["refresh_token"]}
    assert lease.client is None
    assert not lease.interrupted
    assert setting.connection_id not in await due(world)
    stored = await world.renewals.store_refresh(lease.refresh_pass, new_tokens(world))
    assert stored is not None
    assert stored.version == 2
    assert setting.connection_id not in await due(world)


async def test_with_the_organizations_own_client_too(world: ContractWorld) -> None:
    setting = await a_setting(world)
    client = OAuthClient("our-client", "our-client-secret")
    await setting.use_client(client)
    established = an_outcome(
        expires_at=world.now() + timedelta(seconds=-1),
        scopes=("read",),
        oauth_client_id=(await setting.stored()).oauth_client_id,
    )
    await world.vault.replace_secret(setting.owner.sealed_pass, setting.connection_id, established)
    await world.issue(setting.connection_id, timedelta(hours=-1))
    target, lease = (await due(world))[setting.connection_id]
    assert lease.client == client
    assert tuple(target.scopes) == ("read",)


async def test_what_was_leased_to_a_caller_is_not_leased_again(world: ContractWorld) -> None:
    setting = await expiring(world)
    await setting.leased()
    assert setting.connection_id not in await due(world)
    await world.expire_lease(setting.connection_id)
    _, lease = (await due(world))[setting.connection_id]
    assert lease.interrupted
    assert (await setting.lease()).outcome is LeaseOutcome.WAIT


async def test_what_nobody_may_use_is_left_alone(world: ContractWorld) -> None:
    kept: dict[str, Setting] = {}
    for name in ("viewer", "disabled", "marked", "paused", "spoiled", "without grant", "usual"):
        secrets = {"access_token": "first"} if name == "without grant" else TOKENS
        kept[name] = await expiring(world, secrets=secrets)
    owner = kept["viewer"].owner
    await world.join(owner, owner, Role.VIEWER)
    mine = {name: (each.owner.sealed_pass, each.connection_id) for name, each in kept.items()}
    await world.vault.set_disabled(*mine["disabled"], disabled=True)
    await world.renewals.mark_reauthorization_required(*mine["marked"], 1)
    await world.renewals.release_refresh((await kept["paused"].leased()).refresh_pass, Release.FAILED)
    await world.spoil(kept["spoiled"].connection_id)
    leased = await due(world)
    assert [name for name, each in kept.items() if each.connection_id in leased] == ["usual"]


@pytest.mark.parametrize(
    ("margin", "expires_in", "expected"),
    [(None, 250, True), (None, 350, False), (30, 60, False), (30, 20, True), (900, 800, True), (0, 5, False)],
)
async def test_the_margin_is_that_of_the_rule(
    world: ContractWorld, margin: float | None, expires_in: float, *, expected: bool
) -> None:
    integration = an_integration()
    config = {**integration.auth_config, "refresh_margin_seconds": margin}
    setting = await expiring(world, integration=replace(integration, auth_config=config), left=expires_in)
    assert (setting.connection_id in await due(world)) is expected


@pytest.mark.parametrize(("lives", "left", "expected"), [(60, 29, True), (60, 31, False), (3, 1, False)])
async def test_a_token_that_lives_shortly(
    world: ContractWorld, lives: float, left: float, *, expected: bool
) -> None:
    """Half of its life; one that is dead again at once is left to its callers."""
    setting = await expiring(world, left=left, lives=lives)
    assert (setting.connection_id in await due(world)) is expected
