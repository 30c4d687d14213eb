"""Fails the build on an include that goes against the layers, and on a source that no CMake list names.

The table of layers is read from docs/architecture.md, so that the page cannot go stale. An include may
name a folder of the row's last column, its own folder, or a folder open to all below it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "architecture.md"
OPEN_TO_ALL = ["runstone", "base", "model"]  # in this order; each may include those before it
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def read_table(text: str) -> dict[str, list[str]]:
    """Folder (as include paths name it) to the folders it may include; '*' means every one."""
    rows: dict[str, list[str]] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 3 or not cells[0].startswith("`"):
            continue
        allowed = cells[2].split()
        for folder in re.findall(r"`(?:src/|include/)?([\w/]+?)/?`", cells[0]):
            rows[folder] = allowed
    return rows


def folder_of(path: str, folders: dict[str, list[str]]) -> str | None:
    """The longest known folder that the path lies in."""
    parts = path.split("/")[:-1]
    while parts:
        if "/".join(parts) in folders:
            return "/".join(parts)
        parts.pop()
    return None


def may_include(owner: str, target: str, folders: dict[str, list[str]], is_test: bool) -> bool:
    order = list(folders)
    if owner == target or "*" in folders[owner]:
        return True
    if is_test and order.index(target) <= order.index(owner):
        return True
    if target in OPEN_TO_ALL:
        return owner not in OPEN_TO_ALL or OPEN_TO_ALL.index(target) < OPEN_TO_ALL.index(owner)
    return target in folders[owner]


def check_includes(folders: dict[str, list[str]]) -> list[str]:
    problems = []
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        relative = path.relative_to(ROOT / "src").as_posix()
        owner = folder_of(relative, folders)
        if owner is None:
            problems.append(f"src/{relative}: its folder has no row in docs/architecture.md")
            continue
        is_test = path.stem.endswith("_test") or "_test_" in path.stem or "testing" in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = folder_of(match.group(1), folders)
            if target and not may_include(owner, target, folders, is_test):
                problems.append(f"src/{relative}:{number}: {owner} may not include {target}")
    for path in sorted((ROOT / "include").rglob("*.h")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match and not match.group(1).startswith("runstone/"):
                problems.append(f"{path.relative_to(ROOT)}:{number}: a public header includes ours")
    return problems


def check_listed() -> list[str]:
    """A source that no CMakeLists.txt above it names is not built; a test of that kind never runs."""
    problems = []
    for path in sorted((ROOT / "src").rglob("*.cc")):
        folder = path.parent
        while folder != ROOT:
            lists = folder / "CMakeLists.txt"
            if lists.exists() and path.relative_to(folder).as_posix() in lists.read_text():
                break
            folder = folder.parent
        else:
            problems.append(f"{path.relative_to(ROOT)}: no CMakeLists.txt names it")
    return problems


def main() -> int:
    folders = read_table(TABLE.read_text())
    if len(folders) < 10:
        print(f"{TABLE.relative_to(ROOT)}: the table of layers was not found", file=sys.stderr)
        return 1
    problems = check_includes(folders) + check_listed()
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
