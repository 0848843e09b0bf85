"""The command line: `python -m meetings serve` and `python -m meetings demo`."""

import re
import sys

import click

_PORT_FORM = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_HIGHEST_PORT = 65_535


def _read_port(_context: click.Context, _option: click.Parameter, text: str) -> int:
    if not _PORT_FORM.fullmatch(text) or int(text) > _HIGHEST_PORT:
        message = f"PORT is no port; allowed: a number from 1 to {_HIGHEST_PORT}"
        raise click.ClickException(message)
    return int(text)


_PORT = click.option(
    "--port",
    envvar="PORT",
    default="5000",
    show_default=True,
    callback=_read_port,
    help="The port; PORT.",
)


@click.group()
def main() -> None:
    """Run the meetings backend."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@_PORT
@click.option(
    "--demo/--no-demo",
    default=True,
    show_default=True,
    help="Whether routes that fail on purpose exist, for this machine alone.",
)
def serve(host: str, port: int, *, demo: bool) -> None:
    """Serve the API and the console; makes everything that is missing."""
    from meetings.server._serve import (  # noqa: PLC0415 - `demo` needs no server
        StartError,
        serve,
    )

    try:
        status = serve(host, port, demo=demo)
    except (StartError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        message = (
            f"The instance folder cannot be used: {error}. Make it writable, or choose"
            " another one with MEETINGS_INSTANCE_DIR."
        )
        raise click.ClickException(message) from error
    sys.exit(status)


@main.command()
@_PORT
def demo(port: int) -> None:
    """Send a running server a few hundred requests that succeed and fail."""
    from meetings.demo import DemoError, run_demo  # noqa: PLC0415 - `serve` needs no demo

    try:
        status = run_demo(port)
    except DemoError as error:
        raise click.ClickException(str(error)) from error
    sys.exit(status)


if __name__ == "__main__":
    main(prog_name="python -m meetings")
