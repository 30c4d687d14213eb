"""Writes docs/measurements.md from bench/results.json, so that no figure in the docs is typed by hand."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def main() -> None:
    results = json.loads((ROOT / "bench" / "results.json").read_text())
    machine = results["machine"]
    lines = [
        "# Measurements",
        "",
        f"Made by `tools/bench_tables.py` from `bench/results.json`, which `make bench` writes. Machine: {machine['cores']} cores, "
        f"{machine['system']}, Python {machine['python']}. Medians of several runs; peers measured in the same run.",
        "",
        "| figure | measured | to reach | verdict | peer | times better |",
        "|---|---|---|---|---|---|",
    ]
    for figure in results["figures"]:
        sign = "≥" if figure["at_least"] else "≤"
        target = f"{sign} {number(figure['target'])} {figure['unit']}" if figure["target"] is not None else ""
        peer = f"{number(figure['peer'])} {figure['unit']} ({figure['peer_name']})" if figure["peer"] else ""
        lines.append(
            f"| {figure['name']} | {number(figure['value'])} {figure['unit']} | {target} | {figure['verdict']} "
            f"| {peer} | {number(figure['ratio'])} |"
        )
    (ROOT / "docs" / "measurements.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
