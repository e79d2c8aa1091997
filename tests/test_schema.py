"""One declaration of a field says what it may be, and every wrong value gives an error of one sentence."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field

from tinydigits.errors import UsageError
from tinydigits.schema import checked, checked_arguments, declared_fields, from_json, parse_field


@checked
class Engine:
    """An engine."""

    fuel: Literal["petrol", "diesel"]
    """What it burns."""
    litres: Annotated[float, Field(gt=0, le=10)] = 2.0
    """Its
    size."""


@checked
class Car:
    """A car."""

    engine: Engine
    """Moves it."""
    doors: Annotated[int, Field(ge=1, le=5)] = 4
    """How many."""
    owner: Annotated[str, Field(min_length=1)] | None = None
    """Whose it is."""
    extras: frozenset[str] = frozenset()
    """What it has besides."""


def test_what_is_right_is_taken_and_whole_numbers_pass_for_numbers():
    car = Car(Engine("diesel", litres=3), doors=2)
    assert (car.engine.litres, car.doors) == (3.0, 2)
    assert from_json(Car, {"engine": {"fuel": "petrol"}, "extras": ["radio"]}) == Car(
        Engine("petrol"), extras=frozenset({"radio"})
    )


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Engine("petrl"), "fuel must be petrol or diesel, not 'petrl'; did you mean petrol?"),
        (lambda: Engine("petrol", 11), "litres must be a number > 0 and ≤ 10, not 11"),
        (lambda: Engine("petrol", float("nan")), "litres must be a number > 0 and ≤ 10, not nan"),
        (lambda: Engine("petrol", litre=1), "Engine has no field 'litre'; did you mean litres?"),
        (Engine, "Engine lacks fuel, which must be petrol or diesel"),
        (lambda: Engine("petrol", 1, 2), "Engine was given too many arguments; it takes fuel, litres"),
        (lambda: Car(3), "engine must be an Engine, not 3"),
        (lambda: Car(Engine("petrol"), doors=1.5), "doors must be a whole number from 1 to 5, not 1.5"),
        (lambda: Car(Engine("petrol"), doors=True), "doors must be a whole number from 1 to 5, not True"),
        (lambda: Car(Engine("petrol"), owner=4), "owner must be a word or none, not 4"),
        (
            lambda: from_json(Car, {"engine": {"fuel": "petrol", "litres": 99}}),
            "engine.litres must be a number > 0 and ≤ 10, not 99",
        ),
        (
            lambda: from_json(Car, {"engine": {"fuel": "petrol", "tank": 99}}),
            "engine has no field 'tank'; there are fuel, litres",
        ),
        (lambda: from_json(Car, []), "Car must be a Car, not a list"),
    ],
)
def test_a_wrong_value_gives_an_error_of_one_sentence(make, sentence):
    with pytest.raises(UsageError) as caught:
        make()
    assert str(caught.value) == sentence


def test_arguments_are_held_to_their_annotations():
    @checked_arguments
    def drive(car: Car | str, speed: Annotated[int, Field(ge=0)] = 50, *, gear: Literal["low", "high"] = "high") -> str:
        return f"{car} {speed} {gear}"

    assert drive("mine", 30, gear="low") == "mine 30 low"
    for wrong, sentence in (
        (lambda: drive(3), "car must be a Car or a word, not 3"),
        (lambda: drive("mine", "0"), "speed must be a whole number ≥ 0, not '0'"),
        (lambda: drive("mine", gear="hihg"), "gear must be low or high, not 'hihg'; did you mean high?"),
        (lambda: drive("mine", spede=1), "drive has no argument 'spede'; did you mean speed?"),
        (drive, "drive lacks car, which must be a Car or a word"),
        (lambda: drive(Car), "car must be a Car or a word, not the class Car; make an instance of it first"),
    ):
        with pytest.raises(UsageError) as caught:
            wrong()
        assert str(caught.value) == sentence


def test_the_declaration_of_each_field_can_be_read():
    fields = declared_fields(Car)
    assert list(fields) == ["engine.fuel", "engine.litres", "doors", "owner", "extras"]
    assert fields["engine.litres"].meaning == "Its size."
    assert fields["engine.litres"].allowed == "a number > 0 and ≤ 10"
    assert fields["doors"].default == 4


def test_words_of_the_command_line_become_values():
    fields = declared_fields(Car)
    assert parse_field(fields["doors"], "3") == 3
    assert parse_field(fields["owner"], "none") is None
    assert parse_field(fields["extras"], "radio, roof") == frozenset({"radio", "roof"})
    with pytest.raises(UsageError, match="doors must be a whole number from 1 to 5, not 'many'"):
        parse_field(fields["doors"], "many")
