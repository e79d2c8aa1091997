"""The GitHub Action: what its script says of the examples, and how action.yml hands it the inputs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tools import action

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(ROOT)
    return tmp_path / "summary.md"


def test_what_keeps_its_brief_passes_with_a_table(summary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    brief = {"TARGET": "simple", "BRIEF": "examples/briefs/simple.toml"}
    assert action.main({**brief, "GITHUB_STEP_SUMMARY": str(summary)}) == 0
    assert capsys.readouterr().out == "simple: passed\n"
    assert "| parameters | at most 7,999 | 7,732 | ✅ passed |" in summary.read_text(encoding="utf-8")


def test_each_failed_check_is_an_annotation_at_the_line_of_its_class(
    summary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = {"MAX_PARAMETERS": "8000", "REQUIRE": "dropout,gap"}
    targets = "simple\n\nexamples/failing.py:TooLarge\n"
    assert action.main({**limits, "TARGET": targets, "GITHUB_STEP_SUMMARY": str(summary)}) == 1
    line = 1 + (ROOT / "examples/failing.py").read_text(encoding="utf-8").splitlines().index(
        "class TooLarge(nn.Module):"
    )
    (annotation,) = [words for words in capsys.readouterr().out.splitlines() if words.startswith("::")]
    assert annotation.startswith(f"::error file=examples/failing.py,line={line},title=tinydigits check::")
    assert annotation.endswith("parameters must be at most 8,000; found: 8,246")
    text = summary.read_text(encoding="utf-8")
    assert "### ✅ simple passes" in text
    assert "### ❌ examples/failing.py:TooLarge fails 1 of 8 checks" in text


def test_what_is_no_python_is_an_annotation_at_its_line(
    summary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("class Net:\n    def forward(self, x)\n", encoding="utf-8")
    assert action.main({"TARGET": f"{broken}:Net", "GITHUB_STEP_SUMMARY": str(summary)}) == 3
    assert f"file={broken},line=2," in capsys.readouterr().out
    assert "### ❌" in summary.read_text(encoding="utf-8")


def test_inputs_replace_the_limits_of_the_brief(tmp_path: Path) -> None:
    brief = tmp_path / "brief.toml"
    brief.write_text('parameters = 8000\nrequire = ["gap", "dropout"]\n', encoding="utf-8")
    assert action.limits({"BRIEF": str(brief), "MAX_PARAMETERS": "20000", "FORBID": ""}) == [
        "--max-parameters=20000",
        "--require=dropout,gap",
    ]


def test_a_brief_that_is_not_there_is_one_annotation(summary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert action.main({"TARGET": "simple", "BRIEF": "nowhere.toml", "GITHUB_STEP_SUMMARY": str(summary)}) == 3
    assert capsys.readouterr().out.count("::error") == 1


def test_words_of_a_report_can_neither_command_the_workflow_nor_lay_out_the_summary(
    capsys: pytest.CaptureFixture[str],
) -> None:
    action.annotate("100 %\n::warning::pwned", "a,b.py:3")
    assert capsys.readouterr().out == (
        "::error file=a%2Cb.py,line=3,title=tinydigits check::100 %25%0A::warning::pwned\n"
    )
    assert action.cell("<img src=x> | [a](b)\n`c`") == "&lt;img src=x&gt; \\| \\[a\\](b) \\`c\\`"


def test_every_input_reaches_the_script_by_the_environment_alone() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    inputs = re.findall(r"^  ([a-z-]+):$", text.partition("runs:")[0], re.MULTILINE)
    assert set(inputs) == {"target", "brief", *(name.lower().replace("_", "-") for name in action.LIMITS)}
    uses = re.findall(r"^ +([A-Z_]+): \$\{\{ inputs\.([a-z-]+) \}\}$", text, re.MULTILINE)
    assert uses == [(name.upper().replace("-", "_"), name) for name in inputs]
    assert text.count("${{") == len(uses)


def test_the_hook_of_pre_commit_fails_for_a_network_that_is_too_large(
    tinydigits: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    (entry,) = re.findall(r"entry: tinydigits (.*)", (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    target = f"{ROOT / 'examples' / 'failing.py'}:TooLarge"
    assert tinydigits(*entry.split(), target, "--max-parameters=8000").returncode == 1
    assert tinydigits(*entry.split(), target, "--max-parameters=9000").returncode == 0
