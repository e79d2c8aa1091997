"""What the documentation site must hold; `make docs` builds it, checks its links and runs its notebooks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tinydigits as td

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("name", td.__all__)
def test_every_public_name_is_in_the_reference(name: str) -> None:
    reference = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    assert re.search(rf"^\.\. auto(function|class|exception):: tinydigits\.{name}$", reference, re.MULTILINE)
