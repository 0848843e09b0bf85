"""The error that the store raises, and what of it the store itself tells apart."""

from failwell.exceptions import ServiceUnavailableError


class StoreError(ServiceUnavailableError):
    """The store cannot be used at the moment; what the spool holds waits there.

    Caught by whoever reads (console, command line, service) and by the shipper, which
    tries again. Its message may reach a client and therefore names nothing; `store`
    and `reason` are for operators.

    Args:
        store: The store's URL, without a password.
        reason: What the driver or the operating system said.
    """

    def __init__(self, store: str, reason: str) -> None:
        super().__init__("The error store cannot be used at the moment")
        self.store = store
        self.reason = reason

    def describe(self) -> str:
        """Return the line that an operator needs: which store, and what is wrong."""
        return f"error store {self.store}: {self.reason}"


class RefusedError(StoreError):
    """The database is there and will not take a value or a row; nor the next time."""


class ConflictError(StoreError):
    """Another transaction was in the way; the same again may succeed at once."""


class BehindError(StoreError):
    """The store has less of a unit than it had: it was put back from a backup."""
