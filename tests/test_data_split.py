"""A split as PyTorch's loaders take it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset

import tinydigits as td
from tinydigits.data.standardization import standardize


def test_one_image_is_as_networks_take_it(mnist: td.Dataset) -> None:
    image, label = mnist.test[0]
    assert (image.dtype, image.shape, label) == (torch.float32, (1, 28, 28), 7)
    assert torch.equal(image, standardize(mnist.test.images[0].float() / 255))
    assert torch.equal(mnist.test[-1][0], mnist.test[np.int64(9_999)][0])


def test_slices_and_indices_are_splits_still(mnist: td.Dataset) -> None:
    assert isinstance(mnist.test[:3], td.Split)
    assert torch.equal(mnist.test[torch.tensor([5])].images, mnist.test.images[5:6])


def test_going_through_it_ends_after_its_last_image(mnist: td.Dataset) -> None:
    assert [label for _, label in mnist.test[:4]] == [7, 2, 1, 0]
    with pytest.raises(IndexError):
        mnist.test[10_000]


def test_a_loader_gives_batches_that_a_network_reads(mnist: td.Dataset) -> None:
    network, split = td.pretrained("dense"), mnist.test[:100]
    with torch.no_grad():
        answers = torch.cat([network(images).argmax(1) for images, _ in DataLoader(split, batch_size=32)])
    assert answers.tolist() == td.evaluate(network, split).predictions.tolist()


def test_a_loader_shuffles_it_and_a_subset_can_be_made_of_it(mnist: td.Dataset) -> None:
    loader = DataLoader(mnist.train[:50], batch_size=20, shuffle=True, generator=torch.Generator().manual_seed(0))
    assert sorted(torch.cat([labels for _, labels in loader]).tolist()) == sorted(mnist.train.labels[:50].tolist())
    assert len(Subset(mnist.train, range(10))) == 10
