"""Outgoing HTTP on aiohttp: the client, and the guard that says which addresses it may reach."""
