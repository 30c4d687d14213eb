"""System metrics and metadata of our own runs, beside those of the stock client, read back through its
public API."""

from __future__ import annotations

import re

from client import ask, run_script

SCRIPT = """
    import time
    import {module}
    run = {module}.init(project="machine", id="{run}", settings={module}.Settings(
        x_stats_sampling_interval=1, silent=True))
    run.log({{"a": 1}})
    time.sleep(3.5)
    run.finish()
"""


def test_system_metrics_have_the_stock_clients_keys_and_are_in_the_public_api(shared_server, tmp_path):
    for module in ("runstone", "wandb"):
        run_script(shared_server, tmp_path / module, SCRIPT.format(module=module, run=f"sys-{module}"))
    read = ask(
        shared_server,
        tmp_path,
        """{module: (lambda run: {
            "rows": run.history(stream="system", pandas=False),
            "latest": dict(run.system_metrics),
        })(api.run("machine/sys-" + module)) for module in ("runstone", "wandb")}""".replace("\n", " "),
    )
    ours, stock = read["runstone"], read["wandb"]
    assert len(ours["rows"]) >= 3
    stock_keys = set().union(*stock["rows"])
    our_keys = set().union(*ours["rows"])
    assert stock_keys <= our_keys, stock_keys - our_keys
    # The stock client of today leaves the single processors out.
    assert all(re.fullmatch(r"system\.cpu\.\d+\.cpu_percent", key) for key in our_keys - stock_keys)
    assert "system.cpu" in ours["latest"] and "system.proc.memory.rssMB" in ours["latest"]
    for row in ours["rows"]:
        assert row["_wandb"] is True and row["_runtime"] >= 0 and row["_timestamp"] > 1.7e9
    # The same machine, moments later: the same units.
    for key in ("system.memory_percent", "system.disk./.usageGB", "system.proc.memory.availableMB"):
        assert 0.5 < ours["rows"][-1][key] / stock["rows"][-1][key] < 2, key
