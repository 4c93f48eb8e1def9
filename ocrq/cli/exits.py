"""What the commands exit with, and how they complain."""

from __future__ import annotations

import click

from ocrq.errors import OcrqError, ServiceError

OK = 0
SOME_FAILED = 1
NO_SERVER = 3
UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

EXIT_CODES = """\
\b
Exit codes:
  0    done
  1    a file, a job or a check failed; standard error says which and why
  2    the command line is wrong
  3    the server cannot be reached, or could not be started
  70   an internal error; OCRQ_DEBUG=1 shows the traceback
  130  interrupted
"""


def complain(detail: str, about: str | None = None) -> None:
    """Say on standard error what is wrong, and with which file."""
    click.echo(f"error: {about}: {detail}" if about else f"error: {detail}", err=True)


def code_for(error: OcrqError) -> int:
    """The exit code of an error that ended a command."""
    started = type(error) is ServiceError or error.code == "server_unreachable"
    return NO_SERVER if started else SOME_FAILED
