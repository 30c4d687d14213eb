"""Runs a script under a client in a process of its own, as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

from support.server import runstone_bin

ROOT = Path(__file__).resolve().parents[2]
SCRIPT_LIMIT_SECS = 180


def environment(server, folder: Path) -> dict[str, str]:
    """The server's address and key, and nothing of the account that runs the tests."""
    folder.mkdir(parents=True, exist_ok=True)
    env = server.client_environment()
    env |= {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data"),
        "WANDB_DIR": str(folder),
        "NETRC": str(folder / "netrc"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT / "python"),
    }
    return env


def run_script(
    server, folder: Path, script: str, *, check: bool = True, env: dict | None = None
) -> subprocess.CompletedProcess:
    """Writes `script` to a file in `folder` and runs it there."""
    full = environment(server, folder) | (env or {})
    path = folder / "script.py"
    path.write_text(textwrap.dedent(script))
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=folder,
        env=full,
        capture_output=True,
        text=True,
        timeout=SCRIPT_LIMIT_SECS,
    )
    if check:
        assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}\n{server.log()}"
    return done


def mutation(field: str, selection: str = "__typename", kind: str | None = None) -> str:
    """The document of a mutation whose input is the variable `input`."""
    kind = kind or field[0].upper() + field[1:] + "Input"
    return f"mutation M($input: {kind}!) {{ {field}(input: $input) {{ {selection} }} }}"


def refused(server, query: str, **variables: object) -> str:
    """The message with which a GraphQL request is refused."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    status, answer = server.request("POST", "/graphql", body, server.authorization())
    decoded = json.loads(answer)
    assert status == 200 and decoded.get("errors"), (status, decoded)
    return decoded["errors"][0]["message"]


def ask(server, folder: Path, expression: str, **names: object):
    """The value of a Python expression over `api`, the stock client's public API, as JSON.

    NaN and the infinities come back as floats.
    """
    script = f"""
        import json, sys
        import wandb
        names = json.loads({json.dumps(json.dumps(names))})
        globals().update(names)
        api = wandb.Api()
        value = {expression}
        sys.stdout.flush()
        print("\\nANSWER " + json.dumps(value), flush=True)
    """
    done = run_script(server, folder, script)
    answers = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert len(answers) == 1, done.stdout + done.stderr
    return json.loads(answers[0][len("ANSWER ") :])


def wandb_command(server, folder: Path, *arguments: str, check: bool = True):
    """`wandb ARGUMENTS`, as `python -m wandb`."""
    done = subprocess.run(
        [sys.executable, "-m", "wandb", *arguments],
        cwd=folder,
        env=environment(server, folder),
        capture_output=True,
        text=True,
        timeout=SCRIPT_LIMIT_SECS,
    )
    if check:
        assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}\n{server.log()}"
    return done


def runstone_sync(server, folder: Path, *arguments: str) -> str:
    """What `runstone sync ARGUMENTS` prints, which must succeed."""
    done = subprocess.run(
        [runstone_bin(), "sync", *arguments],
        cwd=folder,
        env=environment(server, folder),
        capture_output=True,
        text=True,
        timeout=SCRIPT_LIMIT_SECS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def offline_folder(folder: Path) -> Path:
    """The one offline run's directory below `folder`."""
    found = [p for p in folder.glob("wandb/offline-run-*") if p.is_dir() and not p.is_symlink()]
    assert len(found) == 1, os.listdir(folder)
    return found[0]


def check_synced_run(server, project: str, run: str, state: str) -> None:
    """The 200 rows that the offline scripts of the sync tests log, whoever sent them."""
    facts = server.run_facts(project, run)
    assert facts["state"] == state
    assert [row["_step"] for row in facts["rows"]] == list(range(200))
    assert [row["loss"] for row in facts["rows"]] == [1 / (i + 1) for i in range(200)]
    assert [row["nested"]["a"] for row in facts["rows"]] == list(range(200))
    assert facts["line_count"] == 200
    assert facts["config"]["lr"] == {"value": 0.5}
    assert facts["summary"]["nested"] == {"a": 199}
