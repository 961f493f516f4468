"""The outside: HTTP routes, wire models, problem documents."""
