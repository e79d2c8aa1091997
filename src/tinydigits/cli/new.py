"""`tinydigits new`."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import click

from tinydigits.cli.console import console, json_option, print_json
from tinydigits.errors import DataError, UsageError
from tinydigits.files import write_atomically

__all__ = ["command"]

# Files that would be taken for the package's own under their real names.
_PLACES = {"gitignore": ".gitignore", "workflows/brief.yml": ".github/workflows/brief.yml"}


@click.command("new")
@click.argument("name")
@json_option
def command(name: str, as_json: bool) -> None:
    """Make a folder for a network of your own: network, recipe, brief, test, README and a workflow for GitHub.

    NAME is that of the folder, of the Python file in it and, in capitals, of its class. The network has fewer than
    8,000 parameters and trains at once; what it is to keep to is in brief.toml, which train, check, the test and the
    workflow read.

    \b
    Example:
      $ tinydigits new my_net
      $ cd my_net && tinydigits train
    """
    folder = Path(name)
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", folder.name):
        raise UsageError(f"{folder.name!r} must be small letters, digits and underscores, such as my_net")
    if folder.exists() and (not folder.is_dir() or next(folder.iterdir(), None) is not None):
        raise UsageError(f"{folder} is there already and is not empty; choose another name")
    written = []
    for template, text in _templates().items():
        path = folder / _PLACES.get(template, template).replace("my_net", folder.name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"cannot make the folder {path.parent}: {error.strerror}") from error
        write_atomically(path, _renamed(text, folder.name))
        written.append(path.relative_to(folder).as_posix())
    if as_json:
        print_json({"folder": str(folder), "files": written})
        return
    console().print(f"{folder} has {', '.join(written)}", markup=False, soft_wrap=True)
    console().print(f"train it with: cd {folder} && tinydigits train", markup=False, soft_wrap=True)


def _templates() -> dict[str, str]:
    """The files of the project `my_net` with its class `MyNet`, by their paths."""
    root = Path(str(files("tinydigits"))) / "templates"
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


def _renamed(text: str, name: str) -> str:
    return text.replace("my_net", name).replace("MyNet", "".join(part.capitalize() for part in name.split("_")))
