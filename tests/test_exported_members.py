"""The public names: each is there, in one place, and documented."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import tinydigits as td

PACKAGES = sorted(path.parent.name for path in Path(td.__file__).parent.glob("*/__init__.py"))


@pytest.mark.parametrize("name", td.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(td, name)
    assert inspect.getdoc(value)
    assert name in dir(td)


def test_every_public_name_is_exported_once() -> None:
    assert len(set(td.__all__)) == len(td.__all__)
    assert sorted(td.__all__) == td.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="trian"):
        _ = td.trian


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_exports_what_it_says(package: str) -> None:
    module = __import__(f"tinydigits.{package}", fromlist=["__all__"])
    for name in module.__all__:
        assert getattr(module, name) is not None
