"""Lists of runs and scans of history through a real server, by the stock client and by runstone.Api.

Prints one JSON object a figure's field. `python http_reads.py FOLDER [RUNS [KEYS [ROWS]]]`, by default
10000 runs of 200 keys and a run of 100000 rows of 10 keys.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent / "tests"))

from support.server import Server  # noqa: E402
from wandb.apis.public import runs as client_runs  # noqa: E402

PROJECT = "bench"
PAGE = 50
REPEATS = 15
UPSERT = "mutation U($input: UpsertBucketInput!) { upsertBucket(input: $input) { inserted } }"
# Nine runs in ten pass.
FILTERS = json.dumps({"summary_metrics.metric_1": {"$gt": 0.1}})
ORDER = "-summary_metrics.metric_2"


class Connection:
    """One kept open, as the client keeps its own: what is timed is the answer, not the handshake."""

    def __init__(self, server: Server) -> None:
        self.entity = server.entity()
        self.headers = server.authorization()
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def post(self, path: str, body: dict) -> dict:
        self.connection.request("POST", path, json.dumps(body), self.headers)
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200 or answer.get("errors"):
            raise RuntimeError(f"{path}: {response.status} {answer}")
        return answer

    def page(self, document: str, cursor: str | None) -> tuple[float, dict]:
        variables = {"project": PROJECT, "entity": self.entity, "perPage": PAGE, "cursor": cursor}
        variables |= {"filters": FILTERS, "order": ORDER}
        body = json.dumps({"query": document, "variables": variables}).encode()
        started = time.perf_counter()
        self.connection.request("POST", "/graphql", body, self.headers)
        answer = self.connection.getresponse().read()
        spent_ms = (time.perf_counter() - started) * 1000
        project = json.loads(answer)["data"]["project"]
        assert len(project["runs"]["edges"]) == PAGE
        return spent_ms, project


def fill_runs(connection: Connection, runs: int, keys: int) -> None:
    rng = random.Random(5)
    half = keys // 2
    for number in range(runs):
        config = {f"group_{i % 10}.param_{i}": {"value": round(rng.random(), 6)} for i in range(half)}
        summary = {f"metric_{i}": rng.random() for i in range(keys - half)}
        fields = {"modelName": PROJECT, "name": f"run{number}", "state": "finished"}
        fields |= {"config": json.dumps(config), "summaryMetrics": json.dumps(summary)}
        connection.post("/graphql", {"query": UPSERT, "variables": {"input": fields}})


def fill_history(connection: Connection, rows: int, keys: int) -> None:
    connection.post("/graphql", {"query": UPSERT, "variables": {"input": {"modelName": "scan", "name": "r"}}})
    path = f"/files/{connection.entity}/scan/r/file_stream"
    at_once = 5000
    for first in range(0, rows, at_once):
        lines = [
            json.dumps(
                {"_step": step, "_runtime": step * 0.0123, "_timestamp": 1.7954406e9 + step * 0.0123}
                | {f"metric_{m}": math.sin(step * (m + 1) * 1e-3) + m for m in range(keys)}
            )
            for step in range(first, min(first + at_once, rows))
        ]
        body: dict = {"files": {"wandb-history.jsonl": {"offset": first, "content": lines}}}
        if first + at_once >= rows:
            body |= {"complete": True, "exitcode": 0}
        connection.post(path, body)


def cpu_ms(pid: int) -> float:
    """What the server has computed so far, in all of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def settled_cpu_ms(pid: int) -> float:
    """The same, once the background has nothing left to do."""
    before = cpu_ms(pid)
    while True:
        time.sleep(0.5)
        now = cpu_ms(pid)
        if now - before < 20:
            return now
        before = now


def measure_pages(server: Server) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, lazy in (("", True), ("full_", False)):
        document = client_runs._create_runs_query(lazy=lazy)
        connection = Connection(server)
        connection.page(document, None)
        first = statistics.median(connection.page(document, None)[0] for _ in range(REPEATS))
        cursor = None
        for _ in range(99):
            cursor = connection.page(document, cursor)[1]["runs"]["pageInfo"]["endCursor"]
        hundredth = statistics.median(connection.page(document, cursor)[0] for _ in range(REPEATS))
        found |= {f"{name}page_1_ms": first, f"{name}page_100_ms": hundredth}
    return found


def measure_start(server: Server) -> dict[str, float]:
    """The first page of a server that was just started, at once and after it has settled."""
    document = client_runs._create_runs_query(lazy=True)
    found = {}
    for name in ("at_once", "settled"):
        server.stop()
        server.start()
        if name == "settled":
            settled_cpu_ms(server.pid)
        found[f"page_after_start_{name}_ms"] = Connection(server).page(document, None)[0]
    return found


SCAN = """
import json, sys, time
import MODULE
run = MODULE.Api().run("scan/r")
keys = json.loads(sys.argv[1])
started = time.perf_counter()
count = sum(1 for row in run.scan_history(keys=keys))
print(json.dumps({"rows": count, "ms": (time.perf_counter() - started) * 1000}))
"""
SCAN_REPEATS = 3


def scan_once(module: str, asked: list[str] | None, rows: int, environment: dict, work: Path) -> float:
    """Milliseconds of a scan in a process of its own, from the first request to the last row."""
    done = subprocess.run(
        [sys.executable, "-c", SCAN.replace("MODULE", module), json.dumps(asked)],
        env=environment, cwd=work, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"the scan by {module} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert result["rows"] == rows, result
    return result["ms"]


def measure_scan(server: Server, work: Path, rows: int, keys: int) -> dict[str, float]:
    """The stock client and runstone.Api in turn, so that the machine's noise falls on both alike."""
    found = {}
    environment = server.client_environment() | {"WANDB_SILENT": "true", "WANDB_DIR": str(work)}
    environment |= {"WANDB_CACHE_DIR": str(work / "cache"), "PYTHONPATH": str(BENCH.parent / "python")}
    names = ["_step"] + [f"metric_{m}" for m in range(keys)]
    for name, asked in (("scan", None), ("scan_keys", names)):
        server_ms, stock, ours = [], [], []
        for _ in range(SCAN_REPEATS):
            before = settled_cpu_ms(server.pid)
            stock.append(scan_once("wandb", asked, rows, environment, work))
            server_ms.append(cpu_ms(server.pid) - before)
            ours.append(scan_once("runstone", asked, rows, environment, work))
        found |= {
            f"{name}_server_ms": statistics.median(server_ms),
            f"{name}_client_ms": statistics.median(stock),
            f"{name}_runstone_ms": statistics.median(ours),
        }
    return found


def main() -> int:
    work = Path(sys.argv[1])
    given = [int(text) for text in sys.argv[2:]]
    runs, keys, rows = given + [10_000, 200, 100_000][len(given) :]
    server = Server(work / "reads-data").start()
    try:
        connection = Connection(server)
        fill_runs(connection, runs, keys)
        fill_history(connection, rows, 10)
        settled_cpu_ms(server.pid)
        found = measure_pages(server)
        found |= measure_scan(server, work, rows, 10)
        found |= measure_start(server)
    finally:
        server.kill()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
