"""Networks out of a user's own code: what is taken of it, how it runs, and what is said when that fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from torch import nn

from tinydigits.errors import DataError, UsageError
from tinydigits.user_networks import UserNetwork, capture, is_user_code

HEAD = "from __future__ import annotations\nimport torch\nfrom torch import nn\n"
GOOD = HEAD + "class Net(nn.Linear):\n    def __init__(self):\n        super().__init__(2, 3)\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(text: str, name: str = "net.py") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_file_without_a_name_is_told_its_classes(write):
    write(GOOD)
    with pytest.raises(UsageError, match=r"'net\.py' names no network: write .*; there are net\.py:Net"):
        capture("net.py")


def test_what_changes_something_that_the_network_needs_is_taken_along(write):
    write(
        HEAD + "SIZES = {'in': 2}\nSIZES['out'] = 3\nSIZES.update({'in': 4})\nOTHERS = [1]\nOTHERS.append(2)\n"
        "def marked(kind):\n    return kind\n"
        "@marked\nclass Net(nn.Linear):\n    def __init__(self):\n        super().__init__(SIZES['in'], SIZES['out'])\n"
        "Net.depth = 2\nprint(Net())\n"
    )
    network = capture("net.py:Net")
    made = network.instance()
    assert (made.in_features, made.out_features, made.depth) == (4, 3, 2)
    assert "OTHERS" not in network.sources["net.py"]
    assert "print" not in network.sources["net.py"]


def test_star_imports_and_imports_within_functions_are_followed(write):
    write("from parts.heads import *\n", "parts/__init__.py")
    write(HEAD + "class Head(nn.Linear):\n    pass\n", "parts/heads.py")
    write("SIZE = 7\n", "sizes.py")
    write("from parts import *\ndef net():\n    import sizes\n    return Head(sizes.SIZE, 1)\n")
    network = capture("net.py:net")
    assert set(network.sources) == {"net.py", "sizes.py", "parts/__init__.py", "parts/heads.py"}
    assert network.instance().in_features == 7


def test_a_source_outside_of_the_folder_is_refused():
    with pytest.raises(UsageError, match=r"must lie within its folder, and \.\./net\.py does not"):
        UserNetwork("Net", "../net.py", {"../net.py": GOOD})


def load_network(target: str) -> nn.Module:
    return capture(target).instance()


@pytest.mark.parametrize("place", ["net.py", "./net.py", "{folder}/net.py", "net"])
def test_a_class_in_a_file_or_a_module(write, tmp_path, place):
    write(GOOD)
    assert isinstance(load_network(place.format(folder=tmp_path) + ":Net"), nn.Linear)
    sys.modules.pop("net", None)


def test_a_function_or_a_network_is_as_good_as_a_class(write):
    write(GOOD + "def make():\n    return Net()\nready = Net()\n")
    assert isinstance(load_network("net.py:make"), nn.Linear)
    assert isinstance(load_network("net.py:ready"), nn.Linear)


def test_files_beside_it_can_be_imported_and_do_not_stay(write):
    for folder, size in (("one", 1), ("two", 2)):
        write(f"SIZE = {size}\n", f"{folder}/sizes.py")
        write(HEAD + "from sizes import SIZE\ndef net(): return nn.Linear(SIZE, SIZE)\n", f"{folder}/net.py")
    before, path = set(sys.modules), list(sys.path)
    assert load_network("one/net.py:net").in_features == 1
    assert load_network("two/net.py:net").in_features == 2
    assert not {"sizes", "net"} & set(sys.modules) - before
    assert sys.path == path


def test_a_file_named_like_a_module_does_not_replace_it(write):
    import random

    write(GOOD, "random.py")
    assert isinstance(load_network("random.py:Net"), nn.Linear)
    assert sys.modules["random"] is random


def test_dataclasses_in_the_file_find_their_module(write):
    write(HEAD + "from dataclasses import dataclass\n@dataclass\nclass Sizes:\n    a: int = 3\n"
          "def net():\n    return nn.Linear(Sizes().a, 1)\n")  # fmt: skip
    assert load_network("net.py:net").in_features == 3


@pytest.mark.parametrize("spec", ["net.py", "net", "net.py:", ":Net", "", r"C:\nets\net.py", "net.py:two words"])
def test_a_target_without_a_name_is_refused(write, spec):
    write(GOOD)
    with pytest.raises(UsageError, match=r"write module:Class or path/to/file\.py:Class"):
        load_network(spec)


@pytest.mark.parametrize(
    ("text", "spec", "words"),
    [
        (GOOD, "net.py:Nett", "did you mean Net"),
        ("x = 1\n", "net.py:Net", "no nn.Module class at all"),
        (GOOD, "net.py:torch", "is no nn.Module"),
        (HEAD + "class Net: pass\n", "net.py:Net", "is no nn.Module"),
        (HEAD + "class Net(nn.Linear): pass\n", "net.py:Net", r"needs arguments \(in_features, out_features\)"),
        (HEAD + "def net(): return 5\n", "net.py:net", "gives a int, which is no nn.Module"),
        (GOOD, "nowhere:Net", "there is no module 'nowhere'"),
        (GOOD, "torch.nowhere:Net", "there is no module 'torch.nowhere'"),
        (GOOD, "..net:Net", "not the name of a module"),
    ],
)
def test_a_target_that_cannot_be_found_is_named(write, text, spec, words):
    write(text)
    with pytest.raises(UsageError, match=words):
        load_network(spec)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("2, 3", "SIZE, 3") + "\nSIZE = 1 / 0\n", r"ZeroDivisionError: division by zero \(net\.py:8\)"),
        (HEAD + "class Net(nn.Module:\n", r"SyntaxError: .* \(net\.py:4\)"),
        (HEAD + "import not_there\nclass Net(not_there.Base): pass\n", r"No module named 'not_there' \(net\.py:4\)"),
        (HEAD + "def Net():\n    raise SystemExit('usage')\n", r"SystemExit: usage \(net\.py:5\)"),
        (HEAD + "def Net():\n    return nn.Linear(-1, 2)\n", r"RuntimeError: .* \(net\.py:5\)"),
        (HEAD + "from .blocks import Net\n", r"ImportError: attempted relative import"),
    ],
    ids=["crash", "syntax", "import", "exit", "constructor", "relative import"],
)
@pytest.mark.parametrize("place", ["net.py", "net"])
def test_a_file_that_crashes_is_reported_in_one_line(write, text, words, place):
    write(text)
    before = set(sys.modules)
    with pytest.raises(DataError, match=words) as failure:
        load_network(f"{place}:Net")
    assert "\n" not in str(failure.value)
    sys.modules.pop("net", None)
    assert set(sys.modules) - before <= {name for name in sys.modules if name.startswith("tinydigits_user_")}


def test_a_file_that_is_not_there(write):
    with pytest.raises(DataError, match=r"there is no file .*nets.other\.py"):
        load_network("nets/other.py:Net")


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("net.py:Net", True),
        ("package.module:Net", True),
        (r"C:\nets\net.py:Net", True),
        ("net.py", True),
        ("gap", False),
        ("runs/gap", False),
        (r"C:\runs\gap", False),
        ("final_model.pth", False),
    ],
)
def test_targets_that_are_code(target, code):
    assert is_user_code(target) is code
