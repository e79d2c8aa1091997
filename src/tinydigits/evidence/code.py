"""A fingerprint of the code that decides a record's figures; docs/evidence.md says why it cannot miss a change.

Hashed are the syntax trees of the package's definitions that training and testing can reach: the functions of
`trainings`, the network's class and what these are given, then everything that is mentioned in what is reached.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from tinydigits.networks import NETWORKS
from tinydigits.user_networks import UserNetwork

__all__ = ["code_fingerprint", "reached_definitions"]

_PACKAGE = Path(__file__).parents[1]
# What trains, what tests, and what they are given; what they make for themselves is mentioned in them. They are named
# and not imported, since results are shown without PyTorch.
_TRAINING = ("tinydigits.evidence.trainings", "train_seed")
_TRAINING_IN_GROUP = ("tinydigits.evidence.trainings", "train_seeds_in_group")
_TESTING_AND_GIVEN = [
    ("tinydigits.training.evaluation", "evaluate_network"),
    ("tinydigits.recipes.recipe", "Recipe"),
    ("tinydigits.recipes.recipe", "Optimizer"),
    ("tinydigits.recipes.recipe", "Schedule"),
    ("tinydigits.recipes.recipe", "Augmentation"),
    ("tinydigits.data.split", "Split"),
]
# Fields of syntax trees that say nothing more, are for type checkers, or are not in every version of Python.
_WITHOUT_EFFECT = {"ctx", "kind", "returns", "type_comment", "type_params"}

Source = tuple[str, str]  # a module, and a name in it; "" stands for the module itself


@functools.cache
def code_fingerprint(network: str | UserNetwork, *, group: bool = False, package: Path = _PACKAGE) -> str:
    """Sixteen hexadecimal digits that change with the mathematics of training and testing a network.

    They stay the same when comments, docstrings, formatting, annotations of functions, messages of errors or
    definitions that are not reached change, and do not depend on the machine or on the version of anything.

    Args:
        network: a name in `NETWORKS`, or a user's network: of that, what it imports from this package counts here, and
            its own source in its hash.
        group: whether many seeds are trained as one network.
        package: the folder of the source.
    """
    modules = _modules(package)
    reached = reached_definitions(network, group=group, package=package)
    document = [(source, *modules.definition(source)) for source in reached]
    return hashlib.sha256(repr(document).encode()).hexdigest()[:16]


def reached_definitions(network: str | UserNetwork, *, group: bool = False, package: Path = _PACKAGE) -> list[Source]:
    """Every definition of the package that training and testing this network can reach, in alphabetical order."""
    modules = _modules(package)
    waiting = [_TRAINING_IN_GROUP if group else _TRAINING, *_TESTING_AND_GIVEN]
    if isinstance(network, str):
        waiting.append(NETWORKS.place(network))
    else:
        waiting += modules.imported_by(network)
    # Statements that define no name run when their module is imported, by any other.
    waiting += [(module, "") for module in modules.names if modules[module].defined[""]]
    reached: set[Source] = set()
    while waiting:
        source = waiting.pop()
        # A recipe takes one network of the table, which is reached already.
        if source not in reached and source[0] in modules.names and source[1] != "NETWORKS":
            reached.add(source)
            waiting += [mentioned for _, mentioned in modules.definition(source)[1]]
    return sorted(reached)


@functools.cache
def _modules(package: Path) -> _Modules:
    return _Modules(package)


class _Module:
    """A module's top-level statements by the name that they define ("" where they define none), and its imports.

    Args:
        source: its text.
        package: its own name, from which the relative imports of a stub start.
    """

    def __init__(self, source: str, package: str) -> None:
        self.defined: dict[str, list[ast.stmt]] = defaultdict(list)
        self.imported: dict[str, Source] = {}
        for statement in ast.parse(source).body:
            for inner in statement.body if _is_for_types(statement) else [statement]:
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    self.imported |= _imports(inner, package)
                elif not _is_text(inner):
                    for name in _names(inner) or [""]:
                        self.defined[name].append(inner)


class _Modules(dict[str, _Module]):
    """The package's modules by name, each parsed when it is first asked for."""

    def __init__(self, package: Path) -> None:
        self._paths = {
            ".".join(["tinydigits", *path.relative_to(package).with_suffix("").parts]).removesuffix(".__init__"): path
            for path in package.rglob("*.py")
            if path.name != "__main__.py"
        }
        self.names = set(self._paths)
        self._definitions: dict[Source, tuple[Any, list[tuple[str, Source]]]] = {}

    def __missing__(self, module: str) -> _Module:
        path = self._paths[module]
        # A stub beside a package says what it imports lazily.
        sources = [one.read_text(encoding="utf-8") for one in (path, path.with_suffix(".pyi")) if one.is_file()]
        self[module] = _parse("\n".join(sources), module)
        return self[module]

    def statements(self, source: Source) -> list[ast.stmt]:
        """What makes a definition."""
        return self[source[0]].defined[source[1]]

    def definition(self, source: Source) -> tuple[Any, list[tuple[str, Source]]]:
        """A definition's essence, and the names in it with where each is defined, in this package or elsewhere."""
        if source not in self._definitions:
            self._definitions[source] = _essence(self.statements(source)), sorted(set(self._mentioned(source)))
        return self._definitions[source]

    def imported_by(self, network: UserNetwork) -> Iterator[Source]:
        """What a user's network imports from this package, wherever in its sources."""
        for text in network.sources.values():
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level):
                    for alias in node.names:
                        module, name = alias.name, ""
                        if isinstance(node, ast.ImportFrom):
                            module, name = str(node.module), alias.name
                        if module in self.names:
                            yield from self._origins(module, name)

    def _mentioned(self, source: Source) -> Iterator[tuple[str, Source]]:
        module = self[source[0]]
        for node in _nodes(self.statements(source)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name, imported in _imports(node).items():
                    yield from ((name, origin) for origin in self._origins(*imported))
            elif isinstance(node, ast.Name) and node.id in module.defined:
                yield node.id, (source[0], node.id)
            elif isinstance(node, ast.Name) and node.id in module.imported:
                yield from ((node.id, origin) for origin in self._origins(*module.imported[node.id]))

    def _origins(self, module: str, name: str) -> Iterator[Source]:
        """Where something that is imported is defined: packages pass on what their modules define."""
        if module not in self.names or name in self[module].defined:
            yield module, name
        elif name in self[module].imported:
            yield from self._origins(*self[module].imported[name])
        else:  # a whole module, of which anything may be used
            whole = f"{module}.{name}".removesuffix(".")
            yield from ((whole, part) for part in self[whole].defined)


_parse = functools.cache(_Module)


def _imports(statement: ast.Import | ast.ImportFrom, package: str = "") -> dict[str, Source]:
    """The names that a statement imports, and what each stands for; `package` is where relative imports start."""
    if isinstance(statement, ast.Import):
        return {alias.asname or alias.name.split(".")[0]: (alias.name, "") for alias in statement.names}
    if statement.level > bool(package) or statement.names[0].name == "*":
        raise AssertionError(f"{ast.unparse(statement)}: the fingerprint follows absolute imports of names alone")
    module = ".".join(filter(None, [package * statement.level, statement.module]))
    return {alias.asname or alias.name: (module, alias.name) for alias in statement.names}


def _names(statement: ast.stmt) -> list[str]:
    """The names that a top-level statement defines; none if it may do something else as well."""
    targets: list[ast.expr] = []
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign():
            targets = [part for target in statement.targets for part in getattr(target, "elts", [target])]
        case ast.AnnAssign() | ast.AugAssign():
            targets = [statement.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return names if len(names) == len(targets) else []


def _is_for_types(statement: ast.stmt) -> TypeGuard[ast.If]:
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING"


def _is_text(item: Any) -> bool:
    """A docstring, or one under a field."""
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and isinstance(item.value.value, str)


def _parts(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """The fields of a node, without those that cannot change a number."""
    if isinstance(node, ast.Raise):
        # A training that fails leaves no record, whatever its error says; but its kind decides who catches it.
        error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        yield "exc", ast.unparse(error) if error else ""
        return
    for field, value in ast.iter_fields(node):
        kept = [item for item in value if not _is_text(item)] if isinstance(value, list) else value
        of_argument = isinstance(node, ast.arg) and field == "annotation"
        if kept not in (None, []) and field not in _WITHOUT_EFFECT and not of_argument:
            yield field, kept


def _essence(item: Any) -> Any:
    """Plain containers that are equal for statements that compute the same."""
    if isinstance(item, list):
        return [_essence(part) for part in item]
    if isinstance(item, ast.AST):
        return type(item).__name__, [(field, _essence(value)) for field, value in _parts(item)]
    return ascii(item)


def _nodes(item: Any) -> Iterator[ast.AST]:
    """Every node within but those of annotations, which can only refuse a value."""
    if isinstance(item, list):
        for part in item:
            yield from _nodes(part)
    elif isinstance(item, ast.AST):
        yield item
        for field, value in _parts(item):
            if field != "annotation":
                yield from _nodes(value)
