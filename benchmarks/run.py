"""Run every benchmark, one after the other, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

BENCHMARKS = (
    "failing_request.py",
    "capture.py",
    "burst.py",
    "latency.py",
    "spool.py",
    "storm.py",
    "answers.py",
    "resilience.py",
    "reading.py",
    "shipping.py",
    "alerts.py",
)


def main() -> int:
    """Run them; the exit status is that of the first one that fails."""
    for name in BENCHMARKS:
        script = Path(__file__).with_name(name)
        status = subprocess.run([sys.executable, str(script)], check=False).returncode  # noqa: S603 - our own scripts
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
