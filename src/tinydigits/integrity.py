"""A SHA-256 inside each file that we write, so that a flipped bit is noticed when the file is read.

The hash is of the whole file with its own 64 digits set to zero. It stands in whatever field the format has for
text: a JSON value, safetensors' metadata, the comment of a zip archive (which is what PyTorch's `.pth` is).
"""

from __future__ import annotations

import hashlib
import re

from tinydigits.errors import DataError

__all__ = ["PLACEHOLDER", "sign", "sign_zip", "verify"]

PLACEHOLDER = "sha256:" + "0" * 64
_SIGNATURE = re.compile(rb"sha256:[0-9a-f]{64}")
_ZIP_END = b"PK\x05\x06"
_ZIP_END_SIZE = 22


def sign(content: bytes) -> bytes:
    """The content with the hash in place of its one PLACEHOLDER."""
    return content.replace(PLACEHOLDER.encode(), _signature(content))


def sign_zip(content: bytes) -> bytes:
    """A zip archive without a comment → the same archive with its hash as the comment."""
    if content[-_ZIP_END_SIZE:-18] != _ZIP_END:
        raise ValueError("not a zip archive without a comment")
    comment = PLACEHOLDER.encode()
    return sign(content[:-2] + len(comment).to_bytes(2, "little") + comment)


def verify(content: bytes, name: object, *, required: bool) -> None:
    """Make sure that a file is as it was written.

    Args:
        content: the whole file.
        name: what to call it in an error.
        required: whether a file without a hash is refused; files of other programs have none.

    Raises:
        DataError: the hash does not fit the content, or is missing where it is required.
    """
    signatures = _SIGNATURE.findall(content)
    if not signatures and not required and not _has_comment(content):
        return
    if len(signatures) != 1 or signatures[0] != _signature(_SIGNATURE.sub(PLACEHOLDER.encode(), content)):
        raise DataError(
            f"{name} was changed or damaged after it was written: its SHA-256 does not fit its content; "
            "put an unchanged copy in its place"
        )


def _has_comment(content: bytes) -> bool:
    """Whether this is a zip archive with a comment, which PyTorch itself never writes: a damaged hash of ours."""
    end = content.rfind(_ZIP_END)
    return end >= 0 and len(content) > end + _ZIP_END_SIZE


def _signature(zeroed: bytes) -> bytes:
    return b"sha256:" + hashlib.sha256(zeroed).hexdigest().encode()
