"""Imports that an organization's administrators make through the API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from portway.application.catalog_service import check_administers, chosen_organization
from portway.application.importing.import_service import ImportService
from portway.application.importing.preparation import MAX_DOCUMENT_BYTES, ImportRequest
from portway.application.importing.report import ImportReport
from portway.application.ports.http import HttpClient, OutgoingRequest
from portway.application.ports.imports import ImportRepository
from portway.application.ports.unit_of_work import UnitOfWorkFactory
from portway.domain.errors import Fault, InvalidImportDocument, MalformedRequest
from portway.domain.principal import Principal

_FETCH_SECONDS = 60.0
_WEB_PAGE = "text/html"
_ACCEPTED = "application/json, application/yaml, text/yaml, */*;q=0.5"


class OrganizationImports:
    """Fetches documents and imports them for an organization of the caller's."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, service: ImportService, http: HttpClient) -> None:
        self._unit_of_work = unit_of_work
        self._service = service
        self._http = http

    async def run(self, principal: Principal, request: ImportRequest) -> ImportReport:
        """What `ImportService.run` does. Without an `organization_id`, for the only one that the caller has.

        Without a document it is fetched from `source`. Raises Forbidden, NotFound and MalformedRequest besides.
        """
        organization_id = await self._organization(principal, request.organization_id)
        request = replace(request, organization_id=organization_id)
        if not request.document:
            content = await fetched(self._http, request.source)
            request = replace(request, document=content, source=public_part(request.source))

        @asynccontextmanager
        async def transaction() -> AsyncIterator[ImportRepository]:
            async with self._unit_of_work(principal.sealed_pass) as work:
                await check_administers(work, organization_id)
                yield work.imports

        return await self._service.run(request, transaction)

    async def _organization(self, principal: Principal, asked: UUID | None) -> UUID:
        """Found out before anything is fetched or read for somebody who may not import."""
        async with self._unit_of_work(principal.sealed_pass) as work:
            organization_id = await chosen_organization(work, asked, "/organization_id")
            await check_administers(work, organization_id)
            return organization_id


async def fetched(http: HttpClient, url: str) -> bytes:
    """The document at a URL. Raises MalformedRequest for none of HTTP, InvalidImportDocument for a bad status or a
    web page, and what an HttpClient does.
    """
    if urlsplit(url).scheme.lower() not in ("https", "http"):
        raise MalformedRequest(faults=[Fault("/url", "Must begin with https:// or http://.")])
    request = OutgoingRequest("GET", url, {"accept": _ACCEPTED})
    answer = await http.send(request, timeout_seconds=_FETCH_SECONDS, max_response_bytes=MAX_DOCUMENT_BYTES)
    if not 200 <= answer.status_code < 300:
        raise InvalidImportDocument(f"The URL answers with status {answer.status_code}.")
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() == _WEB_PAGE:
        raise InvalidImportDocument(
            "The URL leads to a web page. Give that of the document itself, which often ends in .json or .yaml."
        )
    return answer.body


def public_part(url: str) -> str:
    """What of a URL may be kept and shown: its query and user may be a credential."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
