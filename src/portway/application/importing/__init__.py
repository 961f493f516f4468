"""Making an integration with its actions of a document that describes an API."""
