"""What the documentation site must hold; `make docs` builds it, checks its links and runs its notebooks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tinydigits as td
from tinydigits.budget import Budget, check
from tinydigits.user_networks import capture

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("name", td.__all__)
def test_every_public_name_is_in_the_reference(name: str) -> None:
    reference = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    assert re.search(rf"^\.\. auto(function|class|exception):: tinydigits\.{name}$", reference, re.MULTILINE)


def test_the_network_of_the_how_to_keeps_the_limits_that_it_names(tmp_path: Path) -> None:
    page = (DOCS / "howto" / "own_network.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(# my_net\.py\n.*?)```", page, re.DOTALL)
    (tmp_path / "my_net.py").write_text(code, encoding="utf-8")
    network = capture(f"{tmp_path / 'my_net.py'}:MyNet").build()
    budget = Budget(parameters=8_000, require=frozenset({"batch_norm", "dropout", "gap"}), forbid=frozenset({"fc"}))
    assert "--max-parameters 8000 --require batch_norm,dropout,gap --forbid fc" in page
    assert check(network, budget).passed
