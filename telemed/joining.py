"""The scripts of one page in one file: fifteen requests are much on a weak line, one is not.

The modules stay what they are, small files that import each other and that tests load one by one. Each becomes a
function that returns what it exports; the entry stands last, unwrapped. Only the plainest import and export is
understood, and everything else is an error when the server starts. Comments, types, indentation and most ends of
lines are for whoever reads the modules; without them a third less goes out. A text over several lines must not mind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import TopologicalSorter
from posixpath import dirname, normpath

_IMPORT = re.compile(r'^import \{(\s*\w+(?:,\s*\w+)*,?\s*)\} from "(\.\.?/[\w/-]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?:/\*\*(?:(?!\*/).)*\*/[ \t]*|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
_BESIDE = re.compile(
    r"/\*\*(?:(?!\*/).)*\*/ ?| +// [^\n\"'`]*$", re.MULTILINE
)  # a quote could end a string that began before
_INDENT = re.compile(r"^[ \t]+|\n(?=\n)", re.MULTILINE)
_LINE_END = re.compile(r"^((?!.*//).*[;{,(])\n", re.MULTILINE)  # behind any other sign it may end a statement


class NotPlain(ValueError):
    """A module says more than this joiner understands."""


def joined(files: Mapping[str, bytes], entry: str) -> bytes:
    """One module that does and exports what `entry` and all it imports do. `files`: name below `static/` -> source.

    Raises NotPlain, graphlib.CycleError for modules that import each other, KeyError for one that is missing.
    """
    sources: dict[str, str] = {}
    needs: dict[str, list[str]] = {}
    wanted = [entry]
    while wanted:
        name = wanted.pop()
        if name not in sources:
            sources[name] = files[name].decode()
            needs[name] = [_resolve(name, path) for _, path in _IMPORT.findall(sources[name])]
            wanted += needs[name]
    order = TopologicalSorter(needs).static_order()
    return "".join(_part(name, sources[name], name == entry) for name in order).encode()


def _part(name: str, source: str, last: bool) -> str:
    exports = [export for _, export in _EXPORT.findall(source)]
    body = _IMPORT.sub(lambda found: f"const {{{found[1]}}} = {_variable(_resolve(name, found[2]))};", source)
    body = _BESIDE.sub("", _COMMENT.sub("", _EXPORT.sub(r"\1 \2", body)))
    if left := _LEFT.search(body):
        raise NotPlain(f"{name}: {left[0]}")
    body = _LINE_END.sub(r"\1", _INDENT.sub("", body))
    if last:
        return body + (f"export {{ {', '.join(exports)} }};\n" if exports else "")
    return f"const {_variable(name)} = (() => {{\n{body}return {{ {', '.join(exports)} }};\n}})();\n"


def _resolve(importer: str, path: str) -> str:
    return normpath(f"{dirname(importer)}/{path}")


def _variable(name: str) -> str:
    return "$" + re.sub(r"\W", "_", name.removesuffix(".js"))
