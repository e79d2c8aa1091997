"""Which code of users' networks may run: what this user has named to tinydigits on this machine before.

A run folder holds the source of its network, and folders are passed around. Its code is run only if it is, by its
hash, code that the user has trained or checked here, or if the user says that it is to be trusted.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import platformdirs

from tinydigits.errors import UsageError
from tinydigits.user_networks.network import UserNetwork

__all__ = ["demand_trust", "remember"]


def remember(network: UserNetwork) -> None:
    """Note that the user has named this network, and with it had its code run."""
    with contextlib.suppress(OSError):  # a home that cannot be written to: then the user will be asked
        _folder().mkdir(parents=True, exist_ok=True)
        (_folder() / network.sha256).touch()


def demand_trust(network: UserNetwork | str, place: Path, *, trust: bool) -> None:
    """Refuse to run code that was found in a run folder, unless it ran here before or is trusted.

    Args:
        network: what is to be built; tinydigits' own ones, which are names, are no code of the folder.
        place: the run folder.
        trust: whether the user trusts it.

    Raises:
        UsageError: it is not.
    """
    if isinstance(network, str):
        return
    if trust:
        remember(network)
    elif not (_folder() / network.sha256).is_file():
        raise UsageError(
            f"{place} holds the code of a network, {network.target}, that has not been run on this machine before; "
            f"read it in {place / 'source'} and, if you trust it, say so with --trust (in Python: trust=True)"
        )


def _folder() -> Path:
    return platformdirs.user_data_path("tinydigits", appauthor=False) / "trusted_networks"
