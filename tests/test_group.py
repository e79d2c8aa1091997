"""Many seeds trained as one network: each as if it were alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import tinydigits as td
from tinydigits.errors import TinydigitsError, UsageError
from tinydigits.evidence import certify
from tinydigits.executors import GroupExecutor, choose_executor
from tinydigits.networks import Network
from tinydigits.recipes import get_recipe, override, recipe_for
from tinydigits.training.group import _Group, train_group

CPU = torch.device("cpu")
PLAIN = ["augmentation.rotation=0", "augmentation.translation=0", "augmentation.scale=0", "augmentation.shear=0",
         "dropout=0", "epochs=1", "schedule.name=constant", "optimizer.lr=0.02"]  # fmt: skip


class Smooth(Network):
    """Without maxima and kinks, at which rounding decides on which side a gradient falls."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 6, 5, stride=2), nn.BatchNorm2d(6), nn.Tanh(), nn.Conv2d(6, 8, 3),
            nn.BatchNorm2d(8), nn.Tanh(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(dropout), nn.Linear(32, 10),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.layers(x)
        return scores


def test_each_network_takes_the_steps_that_it_would_take_alone(uci: td.Dataset) -> None:
    recipe, seeds = recipe_for(Smooth, PLAIN, like="swift"), [3, 8]
    group = _Group(recipe, uci.train, seeds, CPU)
    batches = [torch.randperm(len(uci.train))[:64].view(2, 32) for _ in range(3)]
    for batch in batches:
        group._step(batch)
    for number, (seed, trained) in enumerate(zip(seeds, group.networks(), strict=True)):
        torch.manual_seed(seed)
        alone = recipe.build()
        optimizer = torch.optim.SGD(
            alone.parameters(), lr=0.02, momentum=0.9, nesterov=True, weight_decay=recipe.optimizer.weight_decay
        )
        for batch in batches:
            index = batch[number]
            scores = alone((uci.train.images[index].float() / 255 - 0.1307) / 0.3081)
            loss = F.cross_entropy(scores, uci.train.labels[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        for key, tensor in alone.state_dict().items():
            torch.testing.assert_close(trained.state_dict()[key], tensor, rtol=1e-4, atol=1e-5)


def test_what_is_done_to_a_share_of_a_batch_is_done_to_that_share_of_each_network(
    uci: td.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = _Group(override(get_recipe("swift"), PLAIN), uci.train, [0, 1], CPU)
    given: list[torch.Tensor] = []
    monkeypatch.setattr("tinydigits.training.group.augment", lambda images, **_: given.append(images) or images)
    index = torch.arange(16).view(2, 8)
    group._step(index)
    first_half = (255 * given[0][:8]).round().to(torch.uint8)
    assert torch.equal(first_half, uci.train.images[index[:, :4].T.flatten()])


def test_certify_in_a_group_learns_to_read_and_leaves_a_record_a_seed(uci: td.Dataset, tmp_path: Path) -> None:
    recipe = override(get_recipe("swift"), ["epochs=6", "batch_size=32", "hard_example_fraction=0.5"])
    claim = certify(recipe, uci, seeds=3, executor=GroupExecutor(size=2), results=tmp_path)
    assert claim.seeds == 3
    assert claim.min > 80
    assert claim.max > claim.min, "three networks, not one three times"
    lines = (tmp_path / "evidence" / "swift.jsonl").read_text().splitlines()
    assert [json.loads(line)["group"] for line in lines] == [2, 2, 1]
    assert claim.device.endswith("in a group")


def test_the_random_numbers_of_others_are_left_alone(uci: td.Dataset) -> None:
    torch.manual_seed(1)
    wanted = torch.rand(1)
    torch.manual_seed(1)
    train_group(override(get_recipe("swift"), ["epochs=1"]), uci.train[:64], [0], device=CPU)
    assert torch.equal(torch.rand(1), wanted)


def test_what_a_group_cannot_do_is_refused(uci: td.Dataset) -> None:
    with pytest.raises(UsageError, match="plateau"):
        train_group(override(get_recipe("swift"), ["schedule.name=plateau"]), uci.train, [0], device=CPU)
    with pytest.raises(UsageError, match="moving average"):
        train_group(override(get_recipe("swift"), ["ema_decay=0.9"]), uci.train, [0], device=CPU)
    with pytest.raises(UsageError, match="twice"):
        train_group(get_recipe("swift"), uci.train, [0, 0], device=CPU)
    with pytest.raises(TinydigitsError, match=r"diverged in epoch . with seed 0"):
        train_group(override(get_recipe("swift"), ["optimizer.lr=1000"]), uci.train[:640], [0, 1], device=CPU)
    with pytest.raises(UsageError, match="certify or reproduce"):
        choose_executor("group").run(lambda _shared, task: task, uci, [1])
