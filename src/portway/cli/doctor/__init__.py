"""`portway doctor`."""

from portway.cli.doctor.command import doctor

__all__ = ["doctor"]
