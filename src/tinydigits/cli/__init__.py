"""The command line: one file a verb; a verb is imported when it is called."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

import click

from tinydigits import __version__
from tinydigits.errors import DataError, Stopped, TinydigitsError
from tinydigits.extras import reporting_missing_packages

__all__ = ["main"]

_VERBS = (
    "new", "train", "runs", "evaluate", "check", "recipes", "show", "read", "data",
    "export", "serve", "certify", "results", "compare", "mistakes", "reproduce", "sweep",
)  # fmt: skip


class _NobodyReadsError(Exception):
    """A broken pipe under a name of its own: click would leave with status 1, which here says that a check failed."""


class _Verbs(click.Group):
    """The verbs in the order in which a newcomer needs them."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in _VERBS:
            return None
        command: click.Command = importlib.import_module(f"tinydigits.cli.{name}").command
        return command

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except BrokenPipeError as error:
            raise _NobodyReadsError from error


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="tinydigits")
def _tinydigits() -> None:
    """Handwritten digits, read by networks small enough to check every claim about them.

    \b
    Example:
      $ tinydigits train                    train the default recipe, see it learn
      $ tinydigits evaluate dense           what the shipped weights of `dense` get right
      $ tinydigits check my_net.py:MyNet --max-parameters 8000 --require batch_norm,gap
      $ tinydigits read meter.jpg           the numbers in a photo

    Exit status: 0 done, 1 a check failed or a training diverged, 2 wrong usage, 3 data or a file is missing or
    broken, 130 after Ctrl-C, 143 after SIGTERM.
    """


def main() -> None:
    """Run the command line and leave with its exit status; an error is one line on standard error."""
    with _sigterm_as_ctrl_c() as terminations:
        try:
            with reporting_missing_packages():
                status = _tinydigits.main(prog_name="tinydigits", standalone_mode=False)
            sys.stdout.flush()
        except click.exceptions.Abort:
            _leave("stopped", 143 if terminations else Stopped.exit_status)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (BrokenPipeError, _NobodyReadsError):
            _forget_output()
            sys.exit(141)
        except OSError as error:
            _forget_output()
            _leave(f"Error: {error.filename or 'standard output'}: {error.strerror}", DataError.exit_status)
        except Stopped as stopped:
            _leave(str(stopped), 143 if terminations else stopped.exit_status)
        except TinydigitsError as error:
            _leave(f"Error: {error}", error.exit_status)
    sys.exit(status if isinstance(status, int) else 0)


@contextlib.contextmanager
def _sigterm_as_ctrl_c() -> Iterator[list[int]]:
    """Inside, SIGTERM does what Ctrl-C does; gives the list of those that came."""
    received: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        received.append(number)
        ctrl_c = signal.getsignal(signal.SIGINT)
        if not callable(ctrl_c):  # ignored, as in the background of a shell
            raise KeyboardInterrupt
        ctrl_c(number, frame)

    previous = signal.signal(signal.SIGTERM, handle)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, previous)


def _forget_output() -> None:
    """What could not be written would be tried again, and complained of, at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave(message: str, status: int) -> None:
    with contextlib.suppress(OSError):
        click.echo(message, err=True)
    sys.exit(status)
