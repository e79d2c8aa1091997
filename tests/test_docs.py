"""What the documentation site must hold; `make docs` builds it, checks its links and runs its notebooks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import tinydigits as td

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("name", td.__all__)
def test_every_public_name_is_in_the_reference(name: str) -> None:
    reference = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    assert re.search(rf"^\.\. auto(function|class|exception):: tinydigits\.{name}$", reference, re.MULTILINE)


@pytest.mark.parametrize("path", sorted((DOCS / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_stored_without_outputs_and_install_tinydigits_first(path: Path) -> None:
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert "%pip install --quiet 'tinydigits[train]'" in "".join(cells[0]["source"])
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
