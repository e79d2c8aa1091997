"""Cuts out of a file what one of its classes or functions needs, so that its other statements do not run.

A student's file may download data, train and plot as it is imported; and a change of one network in a file must not
make the evidence of another one in it worthless.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator

__all__ = ["defined_names", "needed_source"]


def defined_names(tree: ast.Module) -> set[str]:
    """The names that a file defines at its top."""
    return {name for statement in tree.body for name in _bound(statement)}


def needed_source(text: str, tree: ast.Module, name: str) -> str:
    """The statements that define a name, those that define what these mention, and so on, each on its own lines.

    What changes something that is needed (`SIZES["width"] = 3`, `Net.depth = 2`) is needed too. Star imports and
    `from __future__` always are; of several definitions of a class or function, the last is; what stands under
    `if __name__ == "__main__":` never is.
    """
    statements = _without_superseded([statement for statement in tree.body if not _is_main_guard(statement)])
    bound = [_bound(statement) for statement in statements]
    changed = [_changed(statement) for statement in statements]
    mentioned: dict[int, set[str]] = {}
    needed = {index for index, statement in enumerate(statements) if _always(statement)}
    names, before = {name}, -1
    while len(names) + len(needed) != before:
        before = len(names) + len(needed)
        imported = {
            one for index, statement in enumerate(statements) if _is_import(statement) for one in bound[index] & names
        }
        for index, statement in enumerate(statements):
            if bound[index] & names or changed[index] & (names - imported):
                needed.add(index)
                if index not in mentioned:
                    mentioned[index] = _mentioned(statement)
                names |= mentioned[index]
    lines = text.splitlines()
    kept: list[str] = [""] * len(lines)
    for index in needed:
        first, last = _lines(statements[index])
        kept[first - 1 : last] = lines[first - 1 : last]
    return "\n".join(kept).rstrip() + "\n"


def _without_superseded(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Without classes and functions that are defined once more further down, as in notebooks."""
    definitions = (ast.ClassDef, ast.FunctionDef)
    last = {one.name: one for one in statements if isinstance(one, definitions)}
    return [
        one
        for one in statements
        if not isinstance(one, definitions) or one is last[one.name] or one.name in _mentioned(last[one.name])
    ]


def _lines(statement: ast.stmt) -> tuple[int, int]:
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return first, statement.end_lineno or statement.lineno


def _mentioned(statement: ast.stmt) -> set[str]:
    """The global names that a statement uses, in functions and classes within it too."""
    table = symtable.symtable(ast.unparse(statement), "", "exec")

    def uses(scope: symtable.SymbolTable) -> Iterator[str]:
        top = scope.get_type() == "module"
        for symbol in scope.get_symbols():
            if symbol.is_referenced() and (top or symbol.is_global()):
                yield symbol.get_name()
        for child in scope.get_children():
            yield from uses(child)

    return set(uses(table))


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement gives a value to in the file itself."""
    table = symtable.symtable(ast.unparse(statement), "", "exec")
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}


def _changed(statement: ast.stmt) -> set[str]:
    """The names whose attributes or items a statement sets, or whose methods it calls for their effect alone."""
    match statement:
        case ast.Assign(targets=targets):
            changed = list(targets)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            changed = [target]
        case ast.Expr(value=ast.Call(func=ast.Attribute() as function)):
            changed = [function]
        case _:
            return set()
    return {root.id for root in map(_root, changed) if root is not None}


def _root(expression: ast.expr) -> ast.Name | None:
    """The name that `a.b[c].d` starts from; None for a bare name."""
    part = expression
    while isinstance(part, ast.Attribute | ast.Subscript):
        part = part.value
    return part if isinstance(part, ast.Name) and part is not expression else None


def _always(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.ImportFrom):
        return False
    return statement.module == "__future__" or any(alias.name == "*" for alias in statement.names)


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _is_main_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in {
        node.id for node in ast.walk(statement.test) if isinstance(node, ast.Name)
    }
