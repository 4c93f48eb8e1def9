"""The command line. Each command is a module; what is slow to import is imported when it runs."""

from __future__ import annotations

import os
import sys
import traceback

import click

from ocrq import __version__
from ocrq.cli.doctor import doctor
from ocrq.cli.exits import EXIT_CODES, INTERRUPTED, UNEXPECTED, code_for, complain
from ocrq.cli.jobs import jobs
from ocrq.cli.keys import keys
from ocrq.cli.mcp import mcp
from ocrq.cli.parts import api, worker
from ocrq.cli.read import read
from ocrq.cli.up import up
from ocrq.cli.url import url
from ocrq.cli.webhooks import webhooks
from ocrq.errors import OcrqError

_HELP = """\
Read text from documents, through a server or one of your own.

\b
  ocrq read scan.pdf    the text of a document
  ocrq up               the service on this machine, until Ctrl-C
  ocrq doctor           what works on this machine, and how to fix what does not
"""


@click.group(help=_HELP, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="ocrq")
def cli() -> None:
    """The ``ocrq`` command."""


for _command in (up, read, jobs, webhooks, keys, url, mcp, doctor, api, worker):
    cli.add_command(_command)


def main() -> None:
    """Run the command line and exit with its code; the user sees a sentence, never a traceback."""
    try:
        sys.exit(_run())
    except BrokenPipeError:  # `ocrq read … | head`: the reader has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(INTERRUPTED)


def _run() -> int:
    try:
        code = cli.main(prog_name="ocrq", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except OcrqError as error:
        complain(error.detail)
        return code_for(error)
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("OCRQ_DEBUG"):
            traceback.print_exc()
        complain(f"an unexpected error occurred ({type(error).__name__}: {error}); OCRQ_DEBUG=1 shows where")
        return UNEXPECTED
    return code if isinstance(code, int) else 0
