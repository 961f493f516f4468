"""The job queue: the library procrastinate on the schema `jobs`."""
