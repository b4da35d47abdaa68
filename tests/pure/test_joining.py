"""The call page's modules in one file: in an order that runs, the same at every start, and nothing misunderstood."""

from __future__ import annotations

from graphlib import CycleError
from posixpath import dirname

import pytest

from telemed.assets import STATIC_DIR
from telemed.joining import NotPlain, joined

SMALL = {
    "js/page.js": b'import { Door } from "./house/door.js";\nimport { say } from "./say.js";\nsay(new Door());\n',
    "js/house/door.js": b'import { say } from "../say.js";\nexport class Door {}\nexport function shut() { say(0); }\n',
    "js/say.js": b"const loud = 1;\nexport const say = (what) => console.log(what, loud);\n",
}
IN_ONE = """\
const $js_say = (() => {
const loud = 1;const say = (what) => console.log(what, loud);return { say };
})();
const $js_house_door = (() => {
const { say } = $js_say;class Door {}
function shut() { say(0); }
return { Door, shut };
})();
const { Door } = $js_house_door;const { say } = $js_say;say(new Door());"""


def test_what_is_needed_stands_before_what_needs_it() -> None:
    assert joined(SMALL, "js/page.js").decode() == IN_ONE


def test_what_the_entry_exports_can_be_imported() -> None:
    whole = joined({**SMALL, "js/page.js": b"export class Page {}\nexport const size = 1;\n"}, "js/page.js").decode()
    assert whole == "class Page {}\nconst size = 1;export { Page, size };\n"


def test_comments_stay_at_home() -> None:
    source = """\
// Of the whole.
/** @import { Seat } from "./types" */
/**
 * Of several lines; a // in it, too.
 */
say("// is no comment", /** @type {string} */ (x)); // but one behind it is
say(`neither is // this`); // doesn't go: it might be the end of a string
  /** @param {string} x */ go(x);
  // indented

  if (x)
    go({
      x, // two
      y,
    });
"""
    kept = """\
say("// is no comment", (x));
say(`neither is // this`); // doesn't go: it might be the end of a string
go(x);if (x)
go({x,y,});"""
    assert joined({"a.js": source.encode()}, "a.js").decode() == kept


@pytest.mark.parametrize(
    "line",
    [
        'import door from "./say.js";',
        'import { say as tell } from "./say.js";',
        'import * as all from "./say.js";',
        "export default 1;",
        "export { say };",
        "export let say = 1;",
    ],
)
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(NotPlain, match=r"js/page\.js"):
        joined({**SMALL, "js/page.js": line.encode()}, "js/page.js")


def test_circles_and_holes_are_refused() -> None:
    with pytest.raises(CycleError):
        joined({**SMALL, "js/say.js": b'import { shut } from "./house/door.js";\n'}, "js/page.js")
    with pytest.raises(KeyError):
        joined({"js/page.js": SMALL["js/page.js"]}, "js/page.js")


@pytest.mark.parametrize("entry", ["js/call/page.js", "js/talk/panel.js", "js/later/parts.js"])
def test_every_module_of_the_call_page_is_in_it_once(entry: str) -> None:
    files = {f.relative_to(STATIC_DIR).as_posix(): f.read_bytes() for f in STATIC_DIR.rglob("*.js")}
    whole = joined(files, entry).decode()
    modules = {name for name in files if dirname(name) == dirname(entry)} - {entry}
    for name in modules:
        assert whole.count(f"const ${name.removesuffix('.js').replace('/', '_')} = ") == 1, name
