"""Journals that go on from stored runs, sent later: by `runstone sync` and by the stock client's."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from client import ask, environment, run_script, runstone_sync, wandb_command
from resumed_runs import BRANCHES, PRELUDE, both_clients, node, ours, same_for_both
from support import journal

OFFLINE = """
run = init("{id}", mode="offline", config={{"new": 2}}, {arguments})
assert (run.resumed, run.step) == (False, 0)
for i in range(3):
    run.log({{"l": 10 + i}})
print("said offline")
run.finish()
"""


@pytest.mark.parametrize(
    ("kind", "id", "arguments", "steps"),
    [
        ("resumed", "base", 'resume="allow"', 10),
        ("rewound", "base", 'resume_from="base?_step=4"', 5),
        ("forked", "twig", 'fork_from="base?_step=4"', 5),
    ],
)
def test_an_offline_run_goes_on_from_a_stored_one_when_it_is_synced(
    shared_server, tmp_path, kind, id, arguments, steps
):
    project = f"offline-{kind}"
    both_clients(shared_server, tmp_path, project, BRANCHES)
    for client in ("runstone", "wandb"):
        folder = tmp_path / client
        prelude = PRELUDE.format(client=client, project=f"{project}-{client}")
        run_script(
            shared_server,
            folder,
            prelude
            + OFFLINE.format(id=id, arguments=arguments).replace(
                "assert (run.resumed, run.step) == (False, 0)", ""
            ),
        )
    directory = next((tmp_path / "runstone").glob("*/offline-run-*"))
    runstone_sync(shared_server, tmp_path / "runstone", str(directory))
    stock = next((tmp_path / "wandb").glob("*/offline-run-*"))
    subprocess.run(
        [sys.executable, "-m", "wandb", "sync", str(stock)],
        cwd=tmp_path / "wandb",
        env=environment(shared_server, tmp_path / "wandb"),
        check=True,
        capture_output=True,
        timeout=120,
    )
    # The stock client's sync forgets the stored summary of a run that it resumes.
    lost = ("summary",) if kind == "resumed" else ()
    facts = same_for_both(shared_server, project, id, without=("console", *lost))
    assert facts["summary"]["acc"] == {"max": steps - 1}
    assert [(row["_step"], row["l"]) for row in facts["rows"]] == [
        *((i, i) for i in range(steps)),
        *((steps + i, 10 + i) for i in range(3)),
    ]
    assert facts["config"] == {"lr": 1, "old": 2, "new": 2} and facts["summary"]["l"] == 12
    assert facts["runtimes"] == sorted(facts["runtimes"]), facts["rows"]
    # Sent again, it changes nothing; also if what was noted beside the journal is lost.
    for is_lost in (False, True):
        if is_lost:
            forget_what_was_sent(directory)
        runstone_sync(shared_server, tmp_path / "runstone", "--include-synced", str(directory))
        again = node(shared_server, f"{project}-runstone", id)
        assert (again["rows"], again["lines"]) == (facts["rows"], facts["lines"])
        assert again["console"] == facts["console"] and again["summary"] == facts["summary"]


def test_a_lost_state_file_is_no_harm_after_others_have_gone_on_with_the_run(shared_server, tmp_path):
    base = 'run = init("base"); log(run, 0, 1); run.finish()'
    ours(shared_server, tmp_path, "lost", base)
    for value in (10, 20):
        script = f'run = init("base", mode="offline", resume="must"); log(run, {value}); run.finish()'
        ours(shared_server, tmp_path, "lost", script)
    first, second = sorted((tmp_path / "runstone").glob("offline-run-*-base*"))
    runstone_sync(shared_server, tmp_path, str(second))
    runstone_sync(shared_server, tmp_path, str(first))
    ours(shared_server, tmp_path, "lost", 'run = init("base", resume="must"); log(run, 30); run.finish()')
    want = [(0, 0), (1, 1), (2, 20), (3, 10), (4, 30)]
    for directory in (first, second, first):
        forget_what_was_sent(directory)
        runstone_sync(shared_server, tmp_path, str(directory))
        rows = node(shared_server, "lost", "base")["rows"]
        assert [(row["_step"], row["l"]) for row in rows] == want, directory


def test_what_may_go_on_from_a_run_but_found_none_is_sent_once(shared_server, tmp_path):
    script = (
        'run = init("fresh", mode="offline", resume="allow"); log(run, 1, 2); print("said"); run.finish()'
    )
    ours(shared_server, tmp_path, "fresh", script)
    (directory,) = (tmp_path / "runstone").glob("offline-run-*-fresh*")
    runstone_sync(shared_server, tmp_path, str(directory))
    once = node(shared_server, "fresh", "fresh")
    assert [(row["_step"], row["l"]) for row in once["rows"]] == [(0, 1), (1, 2)]
    for forget in (False, True):
        if forget:
            forget_what_was_sent(directory)
        runstone_sync(shared_server, tmp_path, "--include-synced", str(directory))
        assert node(shared_server, "fresh", "fresh") == once


def forget_what_was_sent(directory) -> None:
    for note in [*directory.glob("*.syncstate"), *directory.glob("*.synced")]:
        note.unlink()
    assert [path.suffix for path in directory.glob("run-*")] == [".wandb"]


def test_a_resumed_run_that_is_killed_is_completed_by_sync_without_doubles(shared_server, tmp_path):
    ours(shared_server, tmp_path, "killed", 'run = init("k"); log(run, 0, 1, 2); print("one"); run.finish()')
    killed = ours(
        shared_server,
        tmp_path,
        "killed",
        """
import os, signal
run = init("k", resume="must")
print("two")
log(run, 3, 4, 5)
os.kill(os.getpid(), signal.SIGKILL)
""",
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    directories = sorted((tmp_path / "runstone").glob("run-*-k*"))
    assert len(directories) == 2
    for _ in range(2):
        runstone_sync(shared_server, tmp_path, "--include-online", "--include-synced", str(directories[1]))
    facts = node(shared_server, "killed", "k")
    assert [(row["_step"], row["l"]) for row in facts["rows"]] == [(i, i) for i in range(6)]
    assert facts["lines"] == 6 and facts["state"] == "crashed" and facts["summary"]["l"] == 5
    assert [line for line in facts["console"] if line in ("one", "two")] == ["one", "two"]


def test_the_stock_clients_sync_completes_an_offline_resumed_run_of_ours_that_was_killed(
    shared_server, tmp_path
):
    project = "killed-offline"
    ours(
        shared_server, tmp_path, project, 'run = init("k", config={"lr": 1}); log(run, 0, 1, 2); run.finish()'
    )
    before = node(shared_server, project, "k")
    code = (
        PRELUDE.format(client="runstone", project=project)
        + """
run = init("k", resume="must", mode="offline", config={"more": 2})
log(run, 3, 4, 5)
print(run.sync_dir, flush=True)
sys.stdin.read()
"""
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(shared_server, tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        directory = Path(program.stdout.readline().strip())
        # The summary follows the rows into the journal within a second.
        wait_until(lambda: "summary" in kinds(directory))
        program.kill()
    wandb_command(shared_server, tmp_path, "sync", str(directory))
    facts = node(shared_server, project, "k")
    assert [(row["_step"], row["l"]) for row in facts["rows"]] == [(i, i) for i in range(6)]
    assert facts["lines"] == 6 and facts["summary"]["l"] == 5
    assert facts["config"] == {"lr": 1, "more": 2} and facts["name"] == before["name"]


def kinds(directory: Path) -> set[str]:
    return {record.WhichOneof("record_type") for record in journal.records(journal.find(directory))}


def wait_until(condition, limit_secs: float = 30) -> None:
    deadline = time.monotonic() + limit_secs
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)


INCREMENTS = """
def log_rows(run, rows):
    table = wandb.Table(columns=["a"], log_mode="INCREMENTAL")
    for row in rows:
        table.add_data(row)
        run.log({"t": table})
    run.finish()
log_rows(init("k"), range(2))
log_rows(init("k", resume="must", mode="offline"), range(2, 4))
"""


def test_an_incremental_table_of_an_offline_resume_is_the_stock_clients(shared_server, tmp_path):
    both_clients(shared_server, tmp_path, "increments", INCREMENTS)
    found = {}
    for client in ("runstone", "wandb"):
        folder = tmp_path / client
        directory = next(folder.glob("*/offline-run-*"))
        if client == "runstone":
            runstone_sync(shared_server, folder, str(directory))
        else:
            wandb_command(shared_server, folder, "sync", str(directory))
        facts = node(shared_server, f"increments-{client}", "k")
        versions = ask(
            shared_server,
            folder,
            "[(a.version, sorted(a.manifest.entries), a.aliases) for a in "
            "api.artifacts('wandb-run-incremental-table', path)]",
            path=f"increments-{client}/run-k-incr-t",
        )
        found[client] = timeless([facts["rows"], facts["summary"], versions])
    ours = found["runstone"]
    assert ours == found["wandb"]
    assert [row["t"]["increment_num"] for row in ours[0]] == [0, 1, 0, 1], "offline nothing is looked up"
    assert [len(entries) for _, entries, _ in ours[2]] == [4, 3, 2, 1], "no increment is lost"


def timeless(tree: object) -> object:
    """Without the ids and times in the names of increments."""
    text = re.sub(r"(//)[a-z0-9]{128}", r"\1(id)", json.dumps(tree))
    return json.loads(re.sub(r"(None|\d)-\d{13}", r"\1-(ms)", text))
