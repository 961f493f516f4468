"""Do an integration's actions agree with the document that its `vendor.yaml` names (see portway.catalog.vendor)?

    .venv/bin/python -m tests.catalog.vendor src/portway/catalog/asana

prints a line for each fault, and for each deviation that does not occur any more; nothing else where all is well. What
is compared are the requests of the actions' examples and of their fixtures; the scopes of an action with those of the
operations that it calls.
"""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Protocol
from uuid import uuid4

from portway.application.definition_check import AnyMember
from portway.application.ports.http import OutgoingRequest
from portway.application.requests.url_template import integration_base
from portway.catalog.definitions import SHIPPED, ActionDefinition, IntegrationDefinition, load_definitions
from portway.catalog.fixtures import Fixture, load_fixtures
from portway.catalog.handlers import handlers
from portway.catalog.validation import example_request
from portway.catalog.vendor import GOOGLE, VendorCheck, load_vendor_check
from portway.domain.errors import PortwayError
from portway.domain.integration import AuthType
from tests.catalog.discovery import Discovery
from tests.catalog.executions import recorded
from tests.catalog.operations import secure
from tests.catalog.specifications import Specification
from tests.fakes.action_context import RecordingContext, content_of
from tests.replacing import replace


class VendorDocument(Protocol):
    """A specification of either kind."""

    def scopes(self, request: OutgoingRequest) -> frozenset[str]: ...

    def faults(self, request: OutgoingRequest, content: bytes | None) -> Iterable[str]: ...


class Case(NamedTuple):
    """One integration with what it is compared with."""

    integration: IntegrationDefinition
    check: VendorCheck
    fixtures: tuple[Fixture, ...]

    def actions(self) -> list[ActionDefinition]:
        """Those that are compared."""
        return [action for action in self.integration.actions if action.slug not in self.check.unchecked]


def case_of(folder: Path) -> Case:
    """Raises InvalidIntegrationConfig where a file of the folder is wrong, or there is no `vendor.yaml`."""
    integration = load_definitions(folder)[0]
    check = load_vendor_check(folder, integration)
    if check is None:
        raise SystemExit(f"{folder}: there is no vendor.yaml here.")
    return Case(integration, check, load_fixtures(folder))


def folders() -> list[Path]:
    """Those of the shipped integrations that have a vendor's document."""
    return sorted(file.parent for file in SHIPPED.glob("*/vendor.yaml"))


async def complaints(case: Case, action: ActionDefinition) -> list[str]:
    """The faults that are no deviations, and the deviations that are no faults."""
    found = await faults(case, action)
    deviations = case.check.deviations.get(action.slug, {})
    stale = [f"stale deviation, it does not occur: {fault}" for fault in deviations if fault not in found]
    return sorted(found - deviations.keys()) + stale


async def faults(case: Case, action: ActionDefinition) -> set[str]:
    """All that is wrong with an action, deviations too."""
    document = document_of(case.check)
    requests = await requests_of(case, action)
    if not requests:
        return {"there is no example and no fixture"}
    found: set[str] = set()
    for request in requests:
        found.update(document.faults(request, await content_of(request.body)))
    return found | _scope_faults(case, action, [document.scopes(request) for request in requests])


def document_of(check: VendorCheck) -> VendorDocument:
    """Parsed once for each document."""
    if check.document.startswith(GOOGLE):
        return Discovery.read(check.document.removeprefix(GOOGLE))
    return Specification.read(check.document, credentials=check.credentials, several=check.several)


async def requests_of(case: Case, action: ActionDefinition) -> list[OutgoingRequest]:
    """All that are known of, in the document's terms; but for those to addresses that the service itself names."""
    found = []
    for example in action.examples:
        request = await example_request(case.integration, action, example, handlers())
        found.append(_rebased(case, request, None))
    for fixture in case.fixtures:
        if fixture.action == action.slug:
            context = await recorded(case.integration, action, fixture)
            named = [request for request in context.requests if not _is_named_by_service(context, request)]
            found += [_rebased(case, request, fixture) for request in named]
    return found


def _is_named_by_service(context: RecordingContext, request: OutgoingRequest) -> bool:
    # A session of a resumable upload, as Google's are.
    return any(request is one for one in context.elsewhere) or "upload_id=" in request.url


def _rebased(case: Case, request: OutgoingRequest, fixture: Fixture | None) -> OutgoingRequest:
    if case.check.base_url is None:
        return request
    base = case.integration.base_url
    config = AnyMember(base) if fixture is None else fixture.config
    made = case.integration.integration(uuid4())
    theirs = replace(made, id=uuid4(), base_url=secure(case.check.base_url))
    rest = request.url.removeprefix(integration_base(made, config))
    return request if rest == request.url else replace(request, url=integration_base(theirs, config) + rest)


def _scope_faults(case: Case, action: ActionDefinition, listed: list[frozenset[str]]) -> set[str]:
    """Every scope is one that the document knows for a request, and no request is without one."""
    known = frozenset[str]().union(*listed)
    if not known:
        return set()
    faults = {f"scopes: `{scope}` is not listed for it" for scope in action.scopes if scope not in known}
    by_scopes = case.integration.auth_type is AuthType.OAUTH2
    if by_scopes and not faults and any(scopes and not scopes & set(action.scopes) for scopes in listed):
        faults.add("scopes: none of those that are listed for it")
    return faults


async def _main(folder: Path) -> int:
    try:
        case = case_of(folder)
        lines = [
            f"{action.slug}: {line}" for action in case.actions() for line in await complaints(case, action)
        ]
    except PortwayError as error:
        lines = [error.detail]
    for line in lines:
        print(line)  # noqa: T201 -- the program's output
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(Path(sys.argv[1]))))
