"""docs/format says what lies in a data folder and what the server answers. Both grow: these tests fail
when something was added there and not described, or is described and gone."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORMATS = ROOT / "docs" / "format"


def test_every_table_of_a_data_folder_is_described(build: Path, tmp_path: Path) -> None:
    command = [str(build / "src" / "cli" / "runstone"), "user", "add", "reader", "--data", str(tmp_path)]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    database = sqlite3.connect(tmp_path / "runstone.db")
    rows = database.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")
    tables = {name for (name,) in rows}
    database.close()
    page = (FORMATS / "store.md").read_text()
    section = page[page.index("| table | a row is |") : page.index("`state`: 0 pending")]
    described = {
        name
        for line in section.splitlines()[2:]
        for name in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")
    }
    assert described == tables


def test_every_route_of_the_server_is_described() -> None:
    patterns = set()
    for source in (ROOT / "src" / "api").glob("*_route*.cc"):
        if not source.name.endswith("_test.cc"):
            patterns.update(re.findall(r'"(/[a-zA-Z][^" ]*)"', source.read_text()))
    routes = {route.replace("...}", "}") for route in patterns if not route.endswith(("/", "token="))}
    routes -= {"/proc/self/statm"}
    assert len(routes) > 12, "the routes are written otherwise now: look for them anew"
    page = (FORMATS / "web-api.md").read_text()
    assert {route for route in routes if route not in page} == set()
