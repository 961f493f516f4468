"""SQL migrations, numbered, forward only; applied by `portway.infrastructure.postgres.migrations`."""
