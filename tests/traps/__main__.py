"""`python -m tests.traps`: run this package and the others on the corpus; `--table PAGE` writes the page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .corpus import TRAPS
from .rivals import RIVALS
from .table import OURS, page, rows


def main() -> int:
    """Return 1 if this package is wrong anywhere."""
    parser = argparse.ArgumentParser(prog="python -m tests.traps", description=__doc__)
    parser.add_argument("--table", type=Path, metavar="PAGE", help="write the table as a Markdown page")
    parser.add_argument("--only", default="", metavar="WORDS", help="traps whose name or theme holds these words")
    parser.add_argument("--alone", action="store_true", help="this package only")
    parser.add_argument("--show", action="store_true", help="print what each reader gave and said")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the inputs there and stop")
    options = parser.parse_args()
    traps = [trap for trap in TRAPS if options.only in trap.name or options.only == trap.theme]
    if options.keep:
        for trap in traps:
            trap.build(options.keep / trap.name.replace("/", "-"))
        return 0
    found = rows(traps, () if options.alone else RIVALS)
    if options.show:
        for row in found:
            for name, outcome in row.outcomes.items():
                shapes = [(v.axes, v.array.shape, str(v.array.dtype)) for v in outcome.volumes]
                print(f"--- {row.trap.name} | {name}: {row.cells[name]} {shapes}\n{outcome.errors}\n{outcome.warnings}")
    if options.table:
        options.table.write_text(page(found), encoding="utf-8")
    return int(any(row.cells[OURS] == "wrong" for row in found))


if __name__ == "__main__":
    sys.exit(main())
