"""The public names: each is there, in one place, and documented."""

from __future__ import annotations

import inspect

import pytest

import tinydigits as td

ROOMS = ("data", "networks", "budget", "recipes", "training", "executors", "evidence")


@pytest.mark.parametrize("name", td.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(td, name)
    assert inspect.getdoc(value)
    assert name in dir(td)


def test_every_public_name_is_exported_once() -> None:
    assert len(set(td.__all__)) == len(td.__all__)
    assert sorted(td.__all__) == td.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = td.trian


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_exports_what_it_says(room: str) -> None:
    module = __import__(f"tinydigits.{room}", fromlist=["__all__"])
    for name in module.__all__:
        assert getattr(module, name) is not None
