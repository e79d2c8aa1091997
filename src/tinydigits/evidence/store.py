"""`DIR/evidence/RECIPE.jsonl`: one finished seed a line, kept through kills and shared by certifications."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from tinydigits.errors import DataError, UsageError
from tinydigits.evidence.record import Key, Record
from tinydigits.files import write_atomically

__all__ = ["EvidenceFile", "SeedLock"]


@dataclass(frozen=True)
class _Line:
    """A line of the file: its record, or what is wrong with it."""

    number: int
    text: bytes
    record: Record | None
    problem: str = ""


class EvidenceFile:
    """The records of a recipe's name, those of its changed versions among them.

    Args:
        folder: holds a file for each recipe; it need not exist before the first record.
        name: the recipe's.

    Raises:
        UsageError: the name cannot be that of a file.
    """

    def __init__(self, folder: Path, name: str) -> None:
        if not re.fullmatch(r"\w[\w.-]*", name):
            raise UsageError(f"the recipe's name must be letters, digits, dots, dashes, not {name!r}")
        self.path = folder / f"{name}.jsonl"
        self._broken = folder / f"{name}.jsonl.broken"
        self._locks = folder / ".locks"
        self._name = name

    def read(self) -> tuple[list[Record], list[str]]:
        """The records, in the order in which they were written, and a sentence on each line that is none.

        Of records with one key, which only a careless merge of files can bring about, the first counts.

        Raises:
            DataError: the file cannot be read.
        """
        records: dict[Key, Record] = {}
        problems = []
        for line in self._lines():
            if line.record is None:
                problems.append(f"line {line.number} of {self.path} is broken and does not count: {line.problem}")
            else:
                records.setdefault(line.record.key, line.record)
        return list(records.values()), problems

    def set_aside_broken(self) -> list[str]:
        """Move lines that are no records to `RECIPE.jsonl.broken`; gives a sentence on each."""
        with self._lock():
            lines = self._lines()
            broken = [line for line in lines if line.record is None]
            if not broken:
                return []
            with self._broken.open("ab") as file:
                file.writelines(line.text + b"\n" for line in broken)
                file.flush()
                os.fsync(file.fileno())
            write_atomically(self.path, b"".join(line.text + b"\n" for line in lines if line.record is not None))
        return [
            f"line {line.number} of {self.path} was broken ({line.problem}) and was moved to {self._broken}"
            for line in broken
        ]

    def append(self, record: Record) -> bool:
        """Write a record to the disk; False, and nothing written, where one with its key is there already."""
        self.set_aside_broken()
        with self._lock():
            if any(known.key == record.key for known in self.read()[0]):
                return False
            with self.path.open("ab") as file:
                # A last line without its line end, as a kill or an editor leaves it, stays a line.
                unended = file.tell() > 0 and not self.path.read_bytes().endswith(b"\n")
                file.write(b"\n" * unended + record.line().encode())
                file.flush()
                os.fsync(file.fileno())
            return True

    def seed_lock(self, key: Key) -> SeedLock:
        """The lock for training the seed of this key."""
        self._locks.mkdir(parents=True, exist_ok=True)
        short = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return SeedLock(self._locks / f"{self._name}-{short}.lock")

    def _lines(self) -> list[_Line]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DataError(f"cannot read {self.path}: {error.strerror}") from error
        lines = []
        for number, text in enumerate(content.splitlines(), 1):
            if not text.strip():
                continue
            try:
                lines.append(_Line(number, text, Record.from_line(text.decode())))
            except (ValueError, RecursionError) as error:
                lines.append(_Line(number, text, None, str(error)))
        return lines

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        try:
            self._locks.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._locks / f"{self._name}.lock")
            with lock:
                yield
        except OSError as error:
            raise DataError(f"cannot write evidence to {self.path}: {error.strerror or error}") from error


class SeedLock:
    """Held while a seed is trained, so that two certifications do not train it twice; freed by any death.

    Args:
        path: of a file that is there only while the lock is held.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path)

    def take(self) -> bool:
        """Whether the lock is ours now; it does not wait."""
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        """Let another certification take it."""
        with contextlib.suppress(OSError):
            self._path.unlink()  # before it is let go; who waits for this file finds the seed in the evidence
        self._lock.release()
