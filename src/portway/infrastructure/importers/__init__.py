"""Importers: from a document that describes an API to an integration with its actions."""
