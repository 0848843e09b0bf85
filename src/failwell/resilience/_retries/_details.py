"""What is told of a retry: one frozen object, and the line that is made from it."""

from dataclasses import dataclass

from failwell.resilience._lines import one_line, printable


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDetails:
    """A call that has failed and will be made again.

    Args:
        function: What is called, as `module:qualname`; the place of a block.
        attempt: The attempt that failed, from 1.
        tries: Attempts in all.
        wait_s: The seconds until the next one.
        error: What it raised; None where its result was the failure.
        result: What it returned where that was the failure.
    """

    function: str
    attempt: int
    tries: int
    wait_s: float
    error: BaseException | None = None
    result: object = None

    @property
    def line(self) -> str:
        """One line of printable characters about it."""
        what = (
            f"the result is a {printable(type(self.result).__qualname__)}"
            if self.error is None
            else one_line(self.error)
        )
        return (
            f"{self.function} failed at attempt {self.attempt} of {self.tries}; "
            f"next in {self.wait_s:.3f} s: {what}"
        )
