"""`make results`: README's table, results/accuracy.png and docs/results/, made from results/evidence."""

from __future__ import annotations

from pathlib import Path

from tinydigits.evidence import publish

publish(Path(__file__).resolve().parents[1])
