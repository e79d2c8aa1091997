"""What a network costs and contains, and whether it keeps its limits."""

from __future__ import annotations

from tinydigits.budget.brief import find_brief, read_brief
from tinydigits.budget.checking import check
from tinydigits.budget.findings import Operation
from tinydigits.budget.layers import name_of, trace_operations, trace_outputs
from tinydigits.budget.limits import LAYERS, Budget
from tinydigits.budget.report import Check, Report

__all__ = [
    "LAYERS",
    "Budget",
    "Check",
    "Operation",
    "Report",
    "check",
    "find_brief",
    "name_of",
    "read_brief",
    "trace_operations",
    "trace_outputs",
]
