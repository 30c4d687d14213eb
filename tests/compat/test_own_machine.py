"""System metrics and metadata of our own runs, beside those of the stock client, read back through its
public API."""

from __future__ import annotations

import re
import subprocess
import textwrap

from client import ask, environment, run_script

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


TRAINING = """
import {module}
run = {module}.init(project="machine", id="code-{module}", save_code=True,
                    settings={module}.Settings(silent=True, x_disable_stats=True))
run.log({{"a": 1}})
run.finish()
"""


def test_metadata_patch_and_code_are_where_the_stock_client_has_them(shared_server, tmp_path):
    for module in ("runstone", "wandb"):
        folder = tmp_path / module
        environment(shared_server, folder)
        git = ["git", "-c", "user.name=n", "-c", "user.email=e@x"]
        (folder / "f.txt").write_text("a\n")
        for command in (["init", "-q"], ["add", "f.txt"], ["commit", "-qm", "first"]):
            subprocess.run([*git, *command], cwd=folder, check=True)
        subprocess.run(
            [*git, "remote", "add", "origin", "https://example.com/x/y.git"], cwd=folder, check=True
        )
        (folder / "f.txt").write_text("b\n")
        run_script(shared_server, folder, TRAINING.format(module=module))
    read = ask(
        shared_server,
        tmp_path,
        """{module: (lambda run: {
            "metadata": run.metadata,
            "files": sorted(f.name for f in run.files()),
            "code": run.file("code/script.py").download(root=module, replace=True).read(),
            "patch": run.file("diff.patch").download(root=module, replace=True).read(),
            "config": json.loads(run.json_config)["_wandb"]["value"]["code_path"],
        })(api.run("machine/code-" + module)) for module in ("runstone", "wandb")}""".replace("\n", " "),
    )
    ours, stock = read["runstone"], read["wandb"]
    assert ours["patch"] == stock["patch"] and "+b" in ours["patch"]
    assert ours["code"] == textwrap.dedent(TRAINING.format(module="runstone"))
    assert ours["config"] == stock["config"] == "code/script.py"
    assert set(stock["files"]) <= set(ours["files"]) | {"output.log"}
    assert set(stock["metadata"]) <= set(ours["metadata"]), set(stock["metadata"]) - set(ours["metadata"])
    same = (
        "os",
        "python",
        "codePath",
        "codePathLocal",
        "host",
        "executable",
        "cpu_count",
        "cpu_count_logical",
        "memory",
        "cpu",
    )
    for key in same:  # of a short run, the stock client's may lack what it finds later
        assert ours["metadata"][key] == stock["metadata"].get(key, ours["metadata"][key]), key
    assert ours["metadata"]["git"]["remote"] == stock["metadata"]["git"]["remote"]
    assert int(ours["metadata"]["disk"]["/"]["total"]) > 0
