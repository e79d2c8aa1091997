"""Networks out of a user's own code: found, cut out with all that they need, and run wherever that is needed."""

from __future__ import annotations

from tinydigits.user_networks.capture import capture, is_user_code
from tinydigits.user_networks.error_formatting import format_error
from tinydigits.user_networks.network import UserNetwork

__all__ = ["UserNetwork", "capture", "format_error", "is_user_code"]
