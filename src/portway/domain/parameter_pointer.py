"""Where a fault lies in the caller's request body, as RFC 6901 pointers."""


def parameter_pointer(*path: str | int) -> str:
    """The pointer to a place within `parameters`: `parameter_pointer("to", 0)` is `/parameters/to/0`."""
    return _pointer("parameters", *path)


def config_pointer(*path: str | int) -> str:
    """The same within a connection's `config`."""
    return _pointer("config", *path)


def _pointer(*path: str | int) -> str:
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    return pointer.encode("utf-8", "replace").decode()  # half a surrogate pair would break the answer
