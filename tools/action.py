"""What action.yml runs: `tinydigits check` of each target, told to GitHub.

Inputs are environment variables, named as in action.yml. A table for each target is appended to the file
$GITHUB_STEP_SUMMARY; annotations are workflow commands on standard output. The exit status is the checks' highest.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinydigits.budget import Budget, read_brief
from tinydigits.errors import TinydigitsError
from tinydigits.user_networks import capture, is_user_code

# The environment variable of each limit, which is also its option's name, and the field of a brief.
LIMITS = {
    "MAX_PARAMETERS": "parameters",
    "EXACT_PARAMETERS": "exact_parameters",
    "MAX_MACS": "macs",
    "MAX_EPOCHS": "epochs",
    "MIN_ACCURACY": "accuracy",
    "REQUIRE": "require",
    "FORBID": "forbid",
}


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Checks all targets; gives the exit status."""
    targets = [line.strip() for line in environment["TARGET"].splitlines() if line.strip()]
    try:
        options = limits(environment)
    except TinydigitsError as error:
        annotate(str(error), "")
        return error.exit_status
    if not targets:
        annotate("the input target is empty; name a network, such as my_net.py:MyNet", "")
        return 2
    return max(check(target, options, Path(environment["GITHUB_STEP_SUMMARY"])) for target in targets)


def limits(environment: Mapping[str, str]) -> list[str]:
    """The limits as options of `tinydigits check`: those of the brief, replaced by those that are inputs."""
    brief = read_brief(Path(environment["BRIEF"])) if environment.get("BRIEF") else Budget()
    options = []
    for name, field in LIMITS.items():
        value = getattr(brief, field)
        given = environment.get(name) or (",".join(sorted(value)) if isinstance(value, frozenset) else value)
        if given not in (None, ""):
            options.append(f"--{name.lower().replace('_', '-')}={given}")
    return options


def check(target: str, options: list[str], summary: Path) -> int:
    """Checks one target in a process of its own, which a crash of the user's code cannot get out of."""
    command = [sys.executable, "-m", "tinydigits", "check", *options, "--json", "--", target]
    answer = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if answer.returncode in {0, 1} and answer.stdout:
        report = json.loads(answer.stdout)
        text = table(report)
        for one in report["checks"]:
            if not one["passed"]:
                annotate(f"{target}: {one['name']} must be {one['required']}; found: {one['found']}", place(target))
    else:
        message = answer.stderr.strip().rpartition("\n")[2].removeprefix("Error: ")
        message = message or f"tinydigits check ended with exit status {answer.returncode}"
        text = f"### ❌ {cell(target)}\n\n{cell(message)}\n"
        found = re.search(r"\(([^()]+\.py:\d+)\)", message)
        annotate(message, found[1] if found else place(target))
    with summary.open("a", encoding="utf-8") as file:
        file.write(text + "\n")
    print(f"{target}: {'passed' if answer.returncode == 0 else 'failed'}")
    return abs(answer.returncode)


def table(report: Mapping[str, Any]) -> str:
    """The report of `tinydigits check --json` in GitHub's Markdown."""
    failed = sum(not one["passed"] for one in report["checks"])
    result = f"fails {failed} of {len(report['checks'])} checks" if failed else "passes"
    costs = {
        "parameters": report["parameters"],
        "with batch norm folded": report["folded_parameters"],
        "multiply–adds": report["macs"],
        "pixels of receptive field": report["receptive_field"],
    }
    lines = [
        f"### {'❌' if failed else '✅'} {cell(report['target'])} {result}",
        "",
        "| check | required | found | |",
        "|---|---|---|---|",
        *(
            f"| {cell(one['name'])} | {cell(one['required'])} | {cell(one['found'])} | "
            f"{'✅ passed' if one['passed'] else '❌ **failed**'} |"
            for one in report["checks"]
        ),
        "",
        ", ".join(f"{number:,} {name}" for name, number in costs.items() if number is not None),
    ]
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """Text that means nothing to Markdown, on one line."""
    return re.sub(r"([\\`*_\[\]|#~@])", r"\\\1", html.escape(" ".join(text.split()), quote=False))


def place(target: str) -> str:
    """`file.py:line` of a user's network as seen from the working folder; empty for other targets."""
    try:
        return capture(target).place if is_user_code(target) else ""
    except TinydigitsError:
        return ""


def annotate(message: str, where: str) -> None:
    """An error that GitHub shows at a line of a file, if it is known; workflow commands in the words are disarmed."""
    file, _, line = where.rpartition(":")
    properties = {"file": file, "line": line, "title": "tinydigits check"}
    words = ",".join(f"{name}={escape(value, ':,')}" for name, value in properties.items() if value)
    print(f"::error {words}::{escape(message)}")


def escape(text: str, more: str = "") -> str:
    """As workflow commands need it."""
    for sign in "%\r\n" + more:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


if __name__ == "__main__":
    sys.exit(main())
