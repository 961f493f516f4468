"""Every kind of document that can be imported."""

from portway.application.handlers.registry import HandlerRegistry
from portway.application.importing.imported import DocumentImporter
from portway.application.importing.preparation import Preparation
from portway.infrastructure.config_schema import JsonSchemaConfig
from portway.infrastructure.importers.document_text import read_document
from portway.infrastructure.importers.google_discovery import GoogleDiscoveryImporter
from portway.infrastructure.importers.openapi import OpenApiImporter
from portway.infrastructure.importers.postman import PostmanImporter
from portway.infrastructure.json_schema import JsonSchemaParameters

IMPORTERS: tuple[DocumentImporter, ...] = (OpenApiImporter(), GoogleDiscoveryImporter(), PostmanImporter())


def preparation(handlers: HandlerRegistry) -> Preparation:
    """Reads and checks documents of all kinds.

    Its schemas are its own: it works in threads, beside executions, and needs each only once.
    """
    schema = JsonSchemaParameters(max_compiled=1)
    return Preparation(read_document, IMPORTERS, schema, JsonSchemaConfig(), handlers)
