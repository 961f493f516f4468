"""Adapters: what the application's ports mean on PostgreSQL, HTTP, OAuth and the operating system."""
