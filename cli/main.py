"""`firebreak`: the command line.

Exit codes: 0 done; 1 the answer is no (a check failed, an attack was not stopped); 2 something has
to be changed first (settings, files, arguments); 3 something does not answer now, try again; 4 it
stopped because going on would have been unsafe; 130 interrupted.
"""

import sys

import typer
from rich.console import Console

from schemas.errors import (
    ConfigurationError,
    PipelineError,
    TransientError,
    UnsafeToContinueError,
)

app = typer.Typer(
    name="firebreak",
    help="Streaming network incident response for DeFi protocols.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

EXIT_CODES: dict[type[PipelineError], int] = {
    ConfigurationError: 2,
    TransientError: 3,
    UnsafeToContinueError: 4,
}


def main() -> None:
    """Run the command line; turn every expected error into a sentence and an exit code."""
    try:
        app()
    except PipelineError as error:
        Console(stderr=True).print(f"[bold red]firebreak:[/] {error}", highlight=False)
        sys.exit(EXIT_CODES.get(type(error), 2))
    except KeyboardInterrupt:
        sys.exit(130)
