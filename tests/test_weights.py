"""Weights on disk: what was written is what is read, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import tinydigits as td
from conftest import Answer, only_line
from tinydigits.networks import NETWORKS, load_tensors, load_weights, save_tensors, save_weights, weights_file


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.fixture
def weights() -> dict[str, torch.Tensor]:
    return NETWORKS["simple"]().state_dict()


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_every_flipped_bit_is_noticed(tmp_path: Path, weights: dict[str, torch.Tensor], suffix: str) -> None:
    path = tmp_path / f"weights.{suffix}"
    if suffix == "pth":
        save_tensors(path, weights)
    else:
        save_weights(path, weights, {"recipe": "simple"})
    content = path.read_bytes()
    generator = torch.Generator().manual_seed(0)
    for bit in torch.randint(8 * len(content), (200,), generator=generator).tolist():
        path.write_bytes(flipped(content, bit))
        with pytest.raises(td.DataError, match=path.name):
            load_tensors(path, signed=True) if suffix == "pth" else load_weights(path)


def test_weights_and_notes_come_back(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    save_weights(tmp_path / "w.safetensors", weights, {"recipe": "simple"})
    found, notes = load_weights(tmp_path / "w.safetensors")
    assert notes == {"recipe": "simple"}
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in weights.items())
    save_tensors(tmp_path / "w.pth", weights)
    plain = torch.load(tmp_path / "w.pth", weights_only=True)
    assert all(torch.equal(plain[name], tensor) for name, tensor in weights.items())


def test_files_of_other_programs_need_no_hash(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    torch.save(weights, tmp_path / "theirs.pth")
    assert load_tensors(tmp_path / "theirs.pth").keys() == weights.keys()
    with pytest.raises(td.DataError, match="SHA-256"):
        load_tensors(tmp_path / "theirs.pth", signed=True)
    save_file(weights, tmp_path / "theirs.safetensors")
    assert load_weights(tmp_path / "theirs.safetensors")[0].keys() == weights.keys()


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_shipped_weights_are_as_they_were_written(name: str) -> None:
    path = weights_file(name)
    assert path is not None
    assert load_weights(path)[1]["network"] == name
    assert not td.pretrained(name).training


def test_notes_of_other_programs_need_no_hash(tmp_path: Path) -> None:
    weights = td.pretrained("swift").state_dict()
    save_file(weights, tmp_path / "theirs.safetensors", metadata={"format": "pt"})
    loaded, _ = load_weights(tmp_path / "theirs.safetensors")
    assert all(torch.equal(loaded[name], weight) for name, weight in weights.items())


def test_weights_that_would_run_code_are_not_loaded(tinydigits: Callable[..., Answer], tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (Path(tmp_path / "owned"),))  # type: ignore[return-value]

    torch.save({"weight": Evil()}, tmp_path / "evil.pth")
    answer = tinydigits("evaluate", "evil.pth", "--dataset", "uci")
    assert answer.returncode == 3
    assert "was not loaded" in only_line(answer)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x80\x04K\x01.", b"\x00" * 100])
@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_broken_weights_are_named(content: bytes, name: str, tinydigits: Callable[..., Answer], tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    answer = tinydigits("evaluate", name, "--dataset", "uci")
    assert answer.returncode == 3, answer.stderr
    assert name in only_line(answer)


def test_weights_of_another_shape_fit_no_network(tinydigits: Callable[..., Answer], tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3, 3)}, tmp_path / "other.pth")
    answer = tinydigits("evaluate", "other.pth", "--dataset", "uci")
    assert answer.returncode == 3
    assert "none of recognizer, simple" in only_line(answer)
