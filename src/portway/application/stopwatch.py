"""Where the time of an execution goes."""

import msgspec


class Stopwatch(msgspec.Struct):
    """Seconds. `opening`: in the database, for checks, decryption and the audit row. `service`: at the service, over
    all requests, until their answers were read. `closing`: in the database again, for the completed audit row. What is
    left of an execution is Portway's own work, and refreshing a token.
    """

    opening: float = 0.0
    service: float = 0.0
    closing: float = 0.0
