"""Where a fault lies in the caller's request body, as RFC 6901 pointers."""

from portway.domain.parameter_pointer import parameter_pointer

__all__ = ["parameter_pointer"]
