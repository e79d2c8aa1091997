"""Networks out of a user's own code: found, cut out with all that they need, and run wherever that is needed."""

from __future__ import annotations

from tinydigits.user_networks.capture import capture, is_current, is_user_code
from tinydigits.user_networks.error_formatting import format_error, format_place
from tinydigits.user_networks.execution import executed_files, is_executing
from tinydigits.user_networks.network import UserNetwork
from tinydigits.user_networks.trust import demand_trust, remember

__all__ = [
    "UserNetwork",
    "capture",
    "demand_trust",
    "executed_files",
    "format_error",
    "format_place",
    "is_current",
    "is_executing",
    "is_user_code",
    "remember",
]
