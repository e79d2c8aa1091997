"""Compilers and emulated chips, for tests and measurements of the C that `tinydigits export` writes."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CHIPS = Path(__file__).parent / "chips"
WARNINGS = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror")


@dataclass(frozen=True)
class Chip:
    """A processor, its compiler and the board on which QEMU emulates it."""

    name: str
    compiler: tuple[str, ...]
    emulator: tuple[str, ...]
    flash: int
    ram: int
    nanoseconds: float
    """Of emulated time for a step of the timer, of which an instruction takes one."""
    memory: int = 1 << 16
    """Bytes of RAM that are used; the board has as many at least."""


def _cortex(name: str, processor: str, board: str, nanoseconds: float, memory: int = 1 << 16) -> Chip:
    compiler = ("arm-none-eabi-gcc", f"-mcpu={processor}", "-mthumb")
    return Chip(name, compiler, ("qemu-system-arm", "-M", board), 0, 0x2000_0000, nanoseconds, memory)


CORES = {
    chip.name: chip
    for chip in (
        _cortex("Cortex-M0", "cortex-m0", "microbit", 62.5, 1 << 14),
        _cortex("Cortex-M3", "cortex-m3", "mps2-an385", 40),
        _cortex("Cortex-M4", "cortex-m4", "mps2-an386", 40),
        _cortex("Cortex-M7", "cortex-m7", "mps2-an500", 40),
        Chip(
            "RISC-V RV32IMC", ("riscv64-unknown-elf-gcc", "-march=rv32imc_zicsr", "-mabi=ilp32"),
            ("qemu-system-riscv32", "-M", "virt", "-bios", "none"), 0x8000_0000, 0x8010_0000, 1,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """What an emulated chip gave."""

    logits: NDArray[np.int32]
    instructions: float
    """For one image; 0 where they were not counted."""
    stack: int
    """Bytes."""


def run(command: list[str], folder: Path, **streams: bytes) -> bytes:
    """A command's standard output; an AssertionError with what it says if it fails or is not there."""
    assert shutil.which(command[0]), f"{command[0]} is not installed; .ci/run lists Debian's packages"
    answer = subprocess.run(command, cwd=folder, capture_output=True, timeout=280, check=False, **streams)  # type: ignore[call-overload]
    assert answer.returncode == 0, answer.stderr.decode()
    return bytes(answer.stdout)


def on_this_machine(folder: Path, images: NDArray[np.uint8], *flags: str) -> NDArray[np.int32]:
    """Logits int32 [N, 10] by the `digits.c` of a folder, compiled for this machine without a warning."""
    host = str(CHIPS / "host.c")
    run(["gcc", *WARNINGS, "-O2", *flags, "-I.", host, "digits.c", "-o", "host"], folder)
    return np.frombuffer(run([str(folder / "host")], folder, input=images.tobytes()), np.int32).reshape(-1, 10)


def on_chip(
    chip: Chip, folder: Path, images: NDArray[np.uint8], *, optimise: str = "-O2", count: bool = False
) -> Measured:
    """What an emulated chip makes of uint8 [N, 28, 28] by the `digits.c` of a folder."""
    (folder / "images.bin").write_bytes(images.tobytes())
    sizes = {"FLASH": chip.flash, "RAM": chip.ram, "SIZE": chip.memory}
    link = ["-T", str(CHIPS / "chip.ld"), *(f"-Wl,--defsym={name}={value}" for name, value in sizes.items())]
    flags = [optimise, *WARNINGS, "-ffreestanding", "-nostdlib", "-I."]
    run([*chip.compiler, *flags, str(CHIPS / "chip.c"), "digits.c", "-lgcc", *link, "-o", "chip.elf"], folder)
    quiet = ["-display", "none", "-serial", "none", "-monitor", "none"]
    hosting = ["-semihosting-config", "enable=on,target=native", "-kernel", "chip.elf"]
    run([*chip.emulator, *(["-icount", "shift=0"] if count else []), *quiet, *hosting], folder)
    logits = np.fromfile(folder / "logits.bin", np.int32).reshape(-1, 10)
    steps, stack = np.fromfile(folder / "counts.bin", np.uint32).tolist()
    return Measured(logits, count * steps * chip.nanoseconds / len(logits), stack)


def sizes(chip: Chip, folder: Path, optimise: str) -> tuple[int, int]:
    """Bytes of flash (code, weights, tables, what it takes of the compiler's library) and of static memory."""
    flags = [optimise, *WARNINGS, "-ffreestanding", "-nostdlib", "-r"]
    run([*chip.compiler, *flags, "digits.c", "-lgcc", "-o", "whole.o"], folder)
    printed = run([chip.compiler[0].replace("gcc", "size"), "whole.o"], folder).decode()
    text, data, bss = map(int, re.findall(r"^\s*(\d+)\s+(\d+)\s+(\d+)", printed, re.MULTILINE)[0])
    return text + data, data + bss
