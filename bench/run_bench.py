"""Measures every figure that the docs promise, each beside its peer or limit, in one run.

Prints a table and writes bench/results.json: a list of {"name", "unit", "target", "value", "peer",
"peer_name", "ratio", "verdict"}. Values are medians of several runs. `--only PREFIX...` measures some;
`--quick` takes fewer and shorter runs, for a look, and does not write the file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
BUILD = ROOT / "build" / "release"
TORCH_PYTHON = ROOT / ".venv-clients" / "with-torch" / "bin" / "python"
sys.path.insert(0, str(ROOT / "tests"))

from support.server import Server  # noqa: E402


@dataclass
class Figure:
    """One measured value. `target` is an upper bound, or a lower one where `at_least`."""

    name: str
    unit: str
    target: float | None
    value: float
    at_least: bool = False
    peer: float | None = None
    peer_name: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer."""
        if not self.peer or not self.value:
            return None
        return self.value / self.peer if self.at_least else self.peer / self.value

    @property
    def verdict(self) -> str:
        if self.target is None:
            return "measured"
        reached = self.value >= self.target if self.at_least else self.value <= self.target
        return "reached" if reached else "MISSED"


@dataclass
class Plan:
    quick: bool
    work: Path

    def repeats(self, count: int) -> int:
        return max(2, count // 3) if self.quick else count


def run_json(command: list[str], environment: dict | None = None, cwd: Path = ROOT) -> dict:
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def python(script: str, *arguments: object, environment: dict | None = None) -> dict:
    return run_json([sys.executable, str(BENCH / script), *map(str, arguments)], environment)


def median_of(count: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(count))


def offline_environment() -> dict[str, str]:
    """Without settings of ours or the peer's; and byte code is kept, as for users."""
    dropped = ("WANDB_", "RUNSTONE_", "PYTHONDONTWRITEBYTECODE")
    return {k: v for k, v in os.environ.items() if not k.startswith(dropped)}


# --- the training side ----------------------------------------------------------------------------------


def measure_imports(plan: Plan) -> list[Figure]:
    def start_ms(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env=offline_environment())
        return (time.perf_counter() - started) * 1000

    repeats = plan.repeats(21)
    start_ms("import runstone, wandb")  # byte code and page cache are warm for both
    bare, ours, peer = [], [], []
    for _ in range(repeats):  # interleaved, so that the machine's noise falls on all three alike
        bare.append(start_ms("pass"))
        ours.append(start_ms("import runstone"))
        peer.append(start_ms("import wandb"))
    base = statistics.median(bare)
    value, other = statistics.median(ours) - base, statistics.median(peer) - base
    return [
        Figure("import over bare Python", "ms", 20, value, peer=other, peer_name="wandb"),
        Figure("import, times faster than wandb", "x", 20, other / value, at_least=True),
    ]


def measure_init(plan: Plan) -> list[Figure]:
    repeats = plan.repeats(9)
    environment = offline_environment()
    figures = []
    value = median_of(
        repeats, lambda: python("python_init.py", "runstone", "offline", environment=environment)["init_ms"]
    )
    peer = median_of(
        3, lambda: python("python_init.py", "wandb", "offline", environment=environment)["init_ms"]
    )
    figures.append(Figure("init() offline", "ms", 5, value, peer=peer, peer_name="wandb"))
    server = Server(plan.work / "init-data").start()
    try:
        environment = server.client_environment()
        value = median_of(
            repeats,
            lambda: python("python_init.py", "runstone", "online", environment=environment)["init_ms"],
        )
        peer = median_of(
            3, lambda: python("python_init.py", "wandb", "online", environment=environment)["init_ms"]
        )
    finally:
        server.kill()
    figures.append(Figure("init() online, same host", "ms", 50, value, peer=peer, peer_name="wandb"))
    return figures


def measure_python_log(plan: Plan) -> list[Figure]:
    figures = []
    environment = offline_environment()
    for keys, rows, target, byte_target in (
        (1, 20000, 0.8, 100),
        (10, 20000, 1.5, 250),
        (1000, 1000, 100, None),
    ):
        ours = [
            python("python_log.py", "runstone", keys, rows, environment=environment)
            for _ in range(plan.repeats(5))
        ]
        peer = [
            python("python_log.py", "wandb", keys, min(rows, 3000), environment=environment)
            for _ in range(plan.repeats(3))
        ]
        pick = lambda results, field: statistics.median(result[field] for result in results)  # noqa: E731
        figures.append(
            Figure(
                f"log() of {keys} floats, Python",
                "us",
                target,
                pick(ours, "log_us"),
                peer=pick(peer, "log_us"),
                peer_name="wandb",
            )
        )
        if byte_target:
            figures.append(
                Figure(
                    f"journal bytes a row of {keys} floats",
                    "bytes",
                    byte_target,
                    pick(ours, "bytes_per_row"),
                    peer=pick(peer, "bytes_per_row"),
                    peer_name="wandb",
                )
            )
    return figures


def measure_watch(plan: Plan) -> list[Figure]:
    """watch() of a PyTorch model of 10 M parameters, every tenth step logged."""
    figures = []
    script = str(BENCH / "python_watch.py")
    for log in ("gradients", "all"):
        found = run_json(
            [str(TORCH_PYTHON), script, log, str(8 if plan.quick else 30)], offline_environment()
        )
        what = f"watch(log={log!r}, log_freq=10), 10 M parameters, CPU"
        peer = {"peer": found["wandb_percent"], "peer_name": "wandb"}
        figures.append(Figure(f"{what}: added", "% of step", 10, found["runstone_percent"], **peer))
        peer["peer"] = found["wandb_logged_ms"]
        figures.append(Figure(f"{what}: a logged step", "ms", None, found["runstone_logged_ms"], **peer))
    what = "histogram of 10 M floats in one read"
    figures.append(
        Figure(what, "ms", None, found["read_ms"], peer=found["torch_ms"], peer_name="torch.histc")
    )
    return figures


def measure_media(plan: Plan) -> list[Figure]:
    """Tables, images and histograms beside the stock client's, each a process of its own."""
    environment = offline_environment()

    def measured(module: str, what: str, count: int, repeats: int) -> dict[str, float]:
        runs = [
            python("python_media.py", module, what, count, environment=environment) for _ in range(repeats)
        ]
        return {name: statistics.median(run[name] for run in runs) for name in runs[0]}

    rows = 100_000 if plan.quick else 1_000_000
    ours, stock = measured("runstone", "table", rows, 3), measured("wandb", "table", rows, 1)
    figures = []
    for name, unit, what in (("seconds", "s", "time"), ("peak_mb", "MB", "memory")):
        peer = {"peer": stock[name], "peer_name": "wandb"}
        figures.append(Figure(f"a Table of {rows:,} rows: {what}", unit, stock[name] / 5, ours[name], **peer))
    count = 10 if plan.quick else 30
    ours, stock = measured("runstone", "image", count, 3), measured("wandb", "image", count, 1)
    peer = {"peer": stock["log_ms"], "peer_name": "wandb"}
    figures.append(
        Figure("log() of an Image of 1024x1024x3", "ms", stock["log_ms"] / 5, ours["log_ms"], **peer)
    )
    ours = measured("runstone", "histogram", 10_000_000, 3)
    stock = measured("wandb", "histogram", 10_000_000, 1)
    peer = {"peer": stock["ms"], "peer_name": "wandb"}
    figures.append(Figure("a Histogram of 10 M floats", "ms", 30, ours["ms"], **peer))
    return figures


def measure_cpp_log(plan: Plan) -> list[Figure]:
    figures = []
    runs = [run_json([str(BUILD / "bench" / "log_bench"), "--json"]) for _ in range(plan.repeats(5))]
    for keys, target in ((1, 0.15), (10, 0.3), (1000, 15)):
        value = statistics.median(run[f"log_us_{keys}"] for run in runs)
        figures.append(Figure(f"log() of {keys} doubles, C++", "us", target, value))
    return figures


def measure_outage(plan: Plan) -> list[Figure]:
    result = python("python_outage.py")
    points = f"{result['points'] / 1e6:.0f} M points, server down"
    return [
        Figure(f"memory above Python's own, {points}", "MB", 60, result["growth_mb"]),
        Figure(f"growth in the second half, {points}", "MB", 5, result["second_half_mb"]),
    ]


# --- the server -----------------------------------------------------------------------------------------


def resident_mb(pid: int, *, peak: bool = False) -> float:
    field = "VmHWM:" if peak else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field} of process {pid}")


def measure_server(plan: Plan) -> list[Figure]:
    seconds = 10 if plan.quick else 60
    server = Server(plan.work / "ingest-data").start()
    try:
        server.entity()  # a first request, so that what is made on demand is there
        time.sleep(1)
        idle = resident_mb(server.pid)
        command = [str(BUILD / "bench" / "ingest_load"), "--port", str(server.port), "--key", server.key]
        result = run_json([*command, "--entity", server.entity(), "--seconds", str(seconds), "--json"])
        peak = resident_mb(server.pid)
    finally:
        server.kill()
    held = f"16 writers, {seconds} s, a reader charting"
    return [
        Figure("server, idle resident memory", "MB", 60, idle),
        Figure(f"durable ingest, {held}", "M points/s", 1.0, result["points_per_s"] / 1e6, at_least=True),
        Figure("file-stream answer under that load, p99", "ms", None, result["p99_ms"]),
        Figure("server, resident memory after that load", "MB", None, peak),
    ]


def measure_clients(plan: Plan) -> list[Figure]:
    """Many clients that each log a row of ten keys once a second, a reader charting."""
    clients, seconds = 200, 10 if plan.quick else 60
    os.sync()  # what the measurement before has left to be written is not theirs to wait for
    server = Server(plan.work / "clients-data").start()
    try:
        command = [str(BUILD / "bench" / "ingest_load"), "--port", str(server.port), "--key", server.key]
        command += ["--entity", server.entity(), "--seconds", str(seconds), "--json"]
        command += ["--writers", str(clients), "--rows", "1", "--interval-ms", "1000"]
        result = run_json(command)
        peak = resident_mb(server.pid, peak=True)
    finally:
        server.kill()
    what = f"{clients} clients, a row a second each"
    return [
        Figure(f"{what}: file-stream answer, p99", "ms", 250, result["p99_ms"]),
        Figure(f"{what}: answers of 429", "", 0, result["refused"]),
        Figure(f"{what}: server, peak resident memory", "MB", 400, peak),
    ]


def measure_artifacts(plan: Plan) -> list[Figure]:
    """Many small files and one large one, to the server and back, by both clients in turn."""
    figures = []
    sizes = [(200, 5000), (1, 100 << 20)] if plan.quick else [(2000, 5000), (1, 2 << 30)]
    server = Server(plan.work / "artifacts-data").start()
    try:
        environment = server.client_environment() | {"HOME": str(plan.work), "BENCH_TMP": str(plan.work)}
        environment["PYTHONPATH"] = str(ROOT / "python")
        for files, bytes_each in sizes:
            measured = []
            for module in ("runstone", "wandb"):
                os.sync()  # what was left to be written before is not this one's to wait for
                measured.append(
                    python("python_artifacts.py", module, files, bytes_each, environment=environment)
                )
            ours, stock = measured
            what = (
                f"artifact of {files} files of {bytes_each} bytes"
                if files > 1
                else f"file of {bytes_each >> 20} MB"
            )
            for step in ("add", "log", "download", "again", "verify"):
                name = f"{step}_secs"
                figures.append(
                    Figure(f"{what}: {step}", "s", None, ours[name], peer=stock[name], peer_name="wandb")
                )
            figures.append(
                Figure(
                    f"{what}: peak memory",
                    "MB",
                    300,
                    ours["peak_mb"],
                    peer=stock["peak_mb"],
                    peer_name="wandb",
                )
            )
    finally:
        server.kill()
    return figures


def named_values(program: str) -> dict[str, float]:
    """What a program of bench/ prints: one JSON object a line, with `name` and `value`."""
    done = subprocess.run([str(BUILD / "bench" / program)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{program} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["name"]: line["value"] for line in lines} | {"last": lines[-1]}


def measure_reads(plan: Plan) -> list[Figure]:
    """Lists of runs and scans of history, in the query library: without GraphQL and HTTP."""
    lists = [named_values("run_list_bench") for _ in range(plan.repeats(3))]
    scans = [named_values("scan_bench") for _ in range(plan.repeats(3))]

    def median(runs: list[dict], name: str) -> float:
        return statistics.median(run[name] for run in runs)

    page = "50 of 10,000 runs x 200 keys, filtered and sorted"
    scan = "scan of 100,000 rows x 10 keys, in the query library"
    return [
        Figure(f"{page}, first page", "ms", 60, median(lists, "run_list_page_1_ms")),
        Figure(f"{page}, 100th page", "ms", 60, median(lists, "run_list_page_100_ms")),
        Figure(f"{page}, first look after a start", "ms", None, median(lists, "run_list_cold_ms")),
        Figure(f"{scan}, whole rows", "ms", 500, median(scans, "scan_history_ms")),
        Figure(f"{scan}, by keys", "ms", 500, median(scans, "scan_history_keys_ms")),
    ]


def measure_http_reads(plan: Plan) -> list[Figure]:
    """The same through a server, by the stock client's documents and by runstone.Api."""
    found = python("http_reads.py", plan.work)
    page = "50 of 10,000 runs x 200 keys over HTTP"
    scan = "scan_history() of 100,000 rows x 10 keys by the stock client"
    ours = "runstone.Api: scan_history() of 100,000 rows x 10 keys"
    own_figures = [
        figure
        for name, what in (("scan", ours), ("scan_keys", f"{ours}, by keys"))
        for figure in (
            Figure(
                what, "ms", None, found[f"{name}_runstone_ms"],
                peer=found[f"{name}_client_ms"], peer_name="wandb",
            ),
            Figure(
                f"{what}: times faster than wandb", "x", 5,
                found[f"{name}_client_ms"] / found[f"{name}_runstone_ms"], at_least=True,
            ),
        )
    ]  # fmt: skip
    return [
        Figure(f"{page}, first page", "ms", 60, found["page_1_ms"]),
        Figure(f"{page}, 100th page", "ms", 60, found["page_100_ms"]),
        Figure(f"{page}, config and summary, first page", "ms", 60, found["full_page_1_ms"]),
        Figure(f"{page}, config and summary, 100th page", "ms", 60, found["full_page_100_ms"]),
        Figure(f"{page}, with the start's first request", "ms", None, found["page_after_start_at_once_ms"]),
        Figure(f"{page}, first after a start", "ms", 60, found["page_after_start_settled_ms"]),
        Figure(f"{scan}: server's CPU", "ms", 500, found["scan_server_ms"]),
        Figure(f"{scan} by keys: server's CPU", "ms", 500, found["scan_keys_server_ms"]),
        *own_figures,
    ]


def measure_sweeps(plan: Plan) -> list[Figure]:
    suggestion = named_values("sweep_bench")["last"]
    what = "suggestion by Bayes, 10 parameters, 300 finished runs, 1,000 of them"
    return [
        Figure(f"{what}: mean", "ms", 60, suggestion["value"]),
        Figure(f"{what}: p99", "ms", 60, suggestion["p99"]),
    ]


def measure_chart(plan: Plan) -> list[Figure]:
    runs = [run_json([str(BUILD / "bench" / "chart_bench"), "--json"]) for _ in range(plan.repeats(3))]

    def median(field: str) -> float:
        return statistics.median(run[field] for run in runs)

    return [
        Figure("chart of 1 metric, 1 M rows, 1000 px", "ms", 30, median("chart_ms")),
        Figure("the same, first look after a start", "ms", None, median("chart_first_ms")),
        Figure("zoom into a part of it", "ms", None, median("zoom_ms")),
        Figure("the same with another metric as x", "ms", None, median("any_x_ms")),
        Figure("50 charts of a live run, what is new", "ms", None, median("live_page_ms")),
    ]


MEASURES: dict[str, Callable[[Plan], list[Figure]]] = {
    "import": measure_imports,
    "init": measure_init,
    "log": measure_python_log,
    "artifacts": measure_artifacts,
    "media": measure_media,
    "watch": measure_watch,
    "cpp": measure_cpp_log,
    "outage": measure_outage,
    "server": measure_server,
    "clients": measure_clients,
    "chart": measure_chart,
    "reads": measure_reads,
    "http_reads": measure_http_reads,
    "sweeps": measure_sweeps,
}


def show(figure: Figure) -> str:
    sign = ">=" if figure.at_least else "<="
    target = f"{sign} {figure.target:g}" if figure.target is not None else ""
    peer = f"{figure.peer:.4g} ({figure.peer_name}, {figure.ratio:.3g}x)" if figure.peer else ""
    return f"{figure.name:<58} {figure.value:>9.4g} {figure.unit:<10} {target:<9} {figure.verdict:<9} {peer}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(MEASURES))
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as work:
        plan = Plan(arguments.quick, Path(work))
        for name in arguments.only or MEASURES:
            for figure in MEASURES[name](plan):
                figures.append(figure)
                print(show(figure), flush=True)
    if not arguments.quick and not arguments.only:
        rows = [{**asdict(f), "ratio": f.ratio, "verdict": f.verdict} for f in figures]
        machine = {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        }
        (BENCH / "results.json").write_text(
            json.dumps({"machine": machine, "figures": rows}, indent=2) + "\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
