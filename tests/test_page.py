"""The page of `tinydigits serve`, in Chromium: what a person draws, drops, corrects and takes away."""

from __future__ import annotations

import base64
import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import requests
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

import tinydigits as td
from pages import ONE, draw_pixels, draw_strokes, drop, opened, paste, png
from servers import Server


def saved(page: Page, name: str) -> bytes:
    """What the button of that name downloads."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).click()
    return Path(waiting.value.path()).read_bytes()


def test_test_digits_drawn_pixel_by_pixel_are_read(page: Page, mnist: td.Dataset) -> None:
    found = ""
    for image in mnist.test.images[:5, 0].numpy():
        page.get_by_role("button", name="Clear").click()
        draw_pixels(page, image)
        found += page.locator("#answer").inner_text()
    assert found == "".join(map(str, mnist.test.labels[:5].tolist()))


ALL = """(text) => {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0)), images = bytes.length / 784;
  return Array.from({ length: images }, (_, place) => classify(bytes.subarray(784 * place, 784 * place + 784)));
}"""


def test_another_network_can_be_chosen_and_each_is_the_one_that_ships(
    page: Page, server: Server, mnist: td.Dataset
) -> None:
    images = mnist.test.images[:300, 0].numpy()
    served = requests.get(server.url("/v1/networks"), timeout=60).json()
    assert [one["name"] for one in served if not one["wasm"]] == ["sturdy"], "run tools/page_networks.py"
    chosen = {one["name"]: one for one in served if one["wasm"]}
    assert page.locator("#network option").all_inner_texts() == list(chosen)
    draw_strokes(page, *ONE)
    for name, one in chosen.items():
        page.get_by_label("Network for drawings").select_option(name)
        expect(page.locator("#facts")).to_contain_text(f"{one['parameters']:,} parameters")
        expect(page.locator("#facts")).to_contain_text(f"at least {one['lower95']:.2f} %")
        expect(page.locator("#answer")).to_have_text("1")
        found = page.evaluate(ALL, base64.b64encode(images.tobytes()).decode())
        apart = np.abs([one["probabilities"] for one in found] - td.classify(td.pretrained(name), images).numpy())
        assert apart.max() < 0.1, f"{name}.wasm is not made of the weights that ship; run tools/page_networks.py"


def test_a_photo_is_shown_with_what_td_read_gives(page: Page, photo: NDArray[np.uint8]) -> None:
    expected = td.read(photo)
    unsure = [digit for digit in expected.digits if not digit.accepted]
    assert unsure
    drop(page, png(photo), "numbers.png")
    expect(page.locator("#answer")).to_have_text("\n".join(expected.lines), use_inner_text=True)
    expect(page.locator("#notice")).to_contain_text(f"{len(unsure)} of {len(expected.digits)} with low confidence")
    boxes = page.locator("#photo rect")
    found = [[float(box.get_attribute(side) or 0) for side in ("x", "y", "width", "height")] for box in boxes.all()]
    assert found == [list(digit.box) for digit in expected.digits]
    texts = [f"{digit.digit}{'' if digit.accepted else '?'}" for digit in expected.digits]
    assert page.locator("#photo text").all_text_contents() == texts
    dashed = [box.evaluate("one => getComputedStyle(one).strokeDasharray !== 'none'") for box in boxes.all()]
    assert dashed == [not digit.accepted for digit in expected.digits]
    assert page.get_by_label("low confidence").count() == len(unsure)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#paper")).to_be_visible()
    expect(page.locator("#answer")).to_be_empty()


def test_json_and_csv_are_those_of_the_command_line(
    page: Page, photo: NDArray[np.uint8], tinydigits: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "numbers.png").write_bytes(png(photo))
    page.locator("#file").set_input_files(tmp_path / "numbers.png")
    expect(page.locator("#digits li")).to_have_count(len(td.read(photo).digits))
    (found,) = json.loads(saved(page, "JSON"))
    (expected,) = json.loads(tinydigits("read", "numbers.png", "--json").stdout)
    assert [digit.pop("read") for digit in found["digits"]] == [digit["digit"] for digit in expected["digits"]]
    assert found == expected
    table = list(csv.DictReader(io.StringIO(saved(page, "CSV").decode())))
    rows = list(csv.DictReader(io.StringIO(tinydigits("read", "numbers.png", "--csv").stdout)))
    assert [
        {name: json.loads(value.lower()) for name, value in row.items() if name not in {"image", "read"}}
        for row in table
    ] == [{name: json.loads(value.lower()) for name, value in row.items() if name != "image"} for row in rows]


def test_corrected_digits_go_into_an_npz_that_evaluate_and_train_take(
    page: Page, photo: NDArray[np.uint8], tinydigits: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    draw_strokes(page, *ONE)
    drawn = page.evaluate("[...shown[0].image]")
    page.get_by_label("Digit 1, read as 1").select_option("7")
    expect(page.locator("#answer")).to_have_text("7")
    draw_strokes(page, [(0.52, 0.2), (0.48, 0.8)])
    expect(page.locator("#answer")).to_have_text("71")  # what was corrected stays so while more is drawn
    drop(page, png(photo), "numbers.png")
    glyphs = [digit.glyph for digit in td.read(photo).digits]
    expect(page.locator("#digits li")).to_have_count(len(glyphs))
    for place in (0, 1):
        page.locator("#digits select").nth(place).select_option("3")
    expect(page.locator("#photo text").first).to_have_text("3")
    page.locator("#digits select").nth(4).select_option("5")
    page.locator("#digits select").nth(4).select_option(str(td.read(photo).digits[4].digit))
    expect(page.locator("#count")).to_have_text("3 corrected digits to train on")
    content = saved(page, "Download .npz")
    (tmp_path / "corrected.npz").write_bytes(content)
    with np.load(io.BytesIO(content)) as file:
        assert (file["images"].dtype, file["images"].shape) == (np.uint8, (3, 28, 28))
        np.testing.assert_array_equal(file["images"], [np.reshape(drawn, (28, 28)), *glyphs[:2]])
        assert file["labels"].tolist() == [7, 3, 3]
    evaluated = tinydigits("evaluate", "swift", "--dataset", "corrected.npz", "--json")
    assert (json.loads(evaluated.stdout)["total"], json.loads(evaluated.stdout)["correct"]) == (3, 0)
    trained = tinydigits("train", "swift", "epochs=1", "--full", "--dataset", "corrected.npz", "--out", "run")
    assert trained.returncode == 0, trained.stderr
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#samples")).to_be_hidden()
    expect(page.locator("#photo text").first).to_have_text(str(td.read(photo).digits[0].digit))


def test_a_photo_comes_by_paste_and_from_the_camera_too(page: Page, photo: NDArray[np.uint8]) -> None:
    paste(page, png(photo), "pasted.png")
    expect(page.get_by_alt_text("The photo pasted.png")).to_be_visible()
    expect(page.locator("#answer")).to_have_text("\n".join(td.read(photo).lines), use_inner_text=True)
    page.get_by_role("button", name="Camera").click()
    page.get_by_role("button", name="Take the photo").click()
    expect(page.get_by_alt_text("The photo camera.jpg")).to_be_visible()
    assert page.evaluate("video.srcObject") is None, "the camera is off again"


def test_the_number_is_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    draw_strokes(page, *ONE)
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#notice")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "1"


def test_what_cannot_be_read_is_said(browser: Browser, server: Server) -> None:
    for page in opened(browser, server, allowed="status of 422"):
        drop(page, b"no picture", "notes.txt")
        expect(page.locator("#notice")).to_contain_text("cannot be read as an image")
        drop(page, png(np.full((100, 100), 255, np.uint8)), "blank.png")
        expect(page.locator("#notice")).to_have_text("No digits were found in blank.png.")
