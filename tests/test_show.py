"""`tinydigits show`: layers with their costs, and what is drawn of a network."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

import tinydigits as td
from conftest import Answer
from tinydigits.budget import name_of, trace_operations
from tinydigits.budget.diagram import _boxes, _lanes, diagram
from tinydigits.budget.feature_maps import feature_maps_picture, filters_picture
from tinydigits.data.standardization import standardize
from tinydigits.recipes import get_recipe

Program = Callable[..., Answer]


def test_json_has_every_layer_with_its_figures(tinydigits: Program) -> None:
    layers = json.loads(tinydigits("show", "gap", "--json").stdout)["layers"]
    assert sum(layer["parameters"] for layer in layers) == 18_596
    assert layers[0]["geometry"] == {"kernel": [3, 3], "stride": [1, 1], "padding": [1, 1], "dilation": [1, 1]}
    assert (layers[0]["field_in"], layers[0]["field_out"]) == (1, 3)


def test_the_table_shows_receptive_fields_and_the_total(tinydigits: Program) -> None:
    shown = tinydigits("show", "simple").stderr
    assert "34 → 58" in shown  # what the global average sees
    assert "7,872" in shown
    assert "dropout 0.05" in shown
    assert "15 epochs, 15 passes over the training images" in shown


def test_a_network_of_the_users_own_is_drawn(tinydigits: Program, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "from torch import nn\n"
        "def small():\n"
        "    return nn.Sequential(nn.Conv2d(1, 10, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n"
    )
    answer = tinydigits("show", "net.py:small", "--picture", "net.svg", "--filters", "filters.png")
    assert answer.returncode == 0, answer.stderr
    assert ET.parse(tmp_path / "net.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "filters.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_is_shown_with_its_own_weights(tinydigits: Program, mnist: td.Dataset, tmp_path: Path) -> None:
    few = td.Dataset("mnist", mnist.train[:60], mnist.test[:30], mnist.classes)
    td.train("swift", few, device="cpu", out=tmp_path / "mine", progress=None)
    answer = tinydigits("show", "mine", "--features", "features.png", "--image", "7")
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "features.png").read_bytes().startswith(b"\x89PNG")
    assert "less than 10,000" in tinydigits("show", "mine", "--features", "features.png", "--image", "10000").stderr


def test_a_picture_of_another_kind_is_refused(tinydigits: Program) -> None:
    answer = tinydigits("show", "swift", "--picture", "net.pdf")
    assert (answer.returncode, "file.svg or a file.png" in answer.stderr) == (2, True)


def test_skip_connections_go_round_the_boxes_between_them_each_in_a_lane_of_its_own() -> None:
    class Nested(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = (nn.Conv2d(1, 1, 3, padding=1) for _ in range(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.a(x)
            return y + (self.b(y) + self.c(self.b(y)))

    boxes = _boxes(trace_operations(Nested()), (1, 28, 28))
    lanes = _lanes(boxes)
    assert {(boxes[start].words[0], boxes[end].words[0]) for start, end in lanes} >= {("convolution 3×3", "addition")}
    for (start, end), lane in lanes.items():
        overlapping = [other for other in lanes if other != (start, end) and other[0] < end and start < other[1]]
        assert lane not in {lanes[other] for other in overlapping}


def test_batch_norm_relu_and_dropout_share_the_box_of_their_layer() -> None:
    boxes = _boxes(trace_operations(get_recipe("skip").build()), (1, 28, 28))
    assert boxes[1].words == ["convolution 3×3", "BN", "ReLU"]
    assert boxes[1].parameters == 72 + 16
    assert [box.words[-1] for box in boxes if box.words[0] == "global maximum"] == ["dropout 0.05"]
    assert sum(box.parameters for box in boxes) == 13_272


def test_a_diagram_is_the_same_each_time_and_has_no_ground() -> None:
    operations = trace_operations(get_recipe("swift").build())
    assert diagram(operations, "swift") == diagram(operations, "swift")
    picture = Image.open(io.BytesIO(diagram(operations, "swift", file_format="png")))
    assert picture.getpixel((0, 0))[3] == 0


def test_pictures_of_what_is_not_there_are_refused(mnist: td.Dataset) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with pytest.raises(td.UsageError, match="no convolution"):
        filters_picture(network)
    with pytest.raises(td.UsageError, match="no feature maps"):
        feature_maps_picture(network, standardize(mnist.test.images[:2].float() / 255))


def test_what_forward_itself_does_is_named_after_what_it_works_on() -> None:
    operations = trace_operations(get_recipe("swift").build())
    assert [name_of(operations, place) for place in range(3)] == ["stem", "stem_norm", "stem_norm"]
