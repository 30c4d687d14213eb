"""References to object stores under both clients, for the tests that compare them."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

from client import SCRIPT_LIMIT_SECS, environment
from support.object_stores import stock_python

ADDED = """
import json
import {module} as client
{patch}
facts = {{}}
for uri, options in {questions!r}:
    artifact = client.Artifact("refs", "dataset")
    artifact.add_reference(uri, **options)
    facts[uri + json.dumps(options)] = [artifact.digest, artifact.manifest.to_manifest_json()["contents"]]
print("\\nANSWER " + json.dumps(facts))
"""


def run_with(python: str | Path, server, folder: Path, script: str, env: dict) -> str:
    """What a script prints under one of the interpreters."""
    full = environment(server, folder) | env
    path = folder / "script.py"
    path.write_text(textwrap.dedent(script))
    done = subprocess.run(
        [str(python), str(path)],
        cwd=folder,
        env=full,
        capture_output=True,
        text=True,
        timeout=SCRIPT_LIMIT_SECS,
    )
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def added_by_both(server, folder: Path, questions: list, env: dict, patch: str = "") -> tuple[dict, dict]:
    """{question: [digest, contents]} of the stock client and of ours. `patch` is for the stock client's
    libraries: what tells them of an emulator."""
    answers = []
    for module, python, own in (("wandb", stock_python(), patch), ("runstone", sys.executable, "")):
        place = folder / module
        script = ADDED.format(module=module, questions=questions, patch=own)
        out = run_with(python, server, place, script, env)
        answers.append(json.loads(out.rsplit("ANSWER ", 1)[1]))
    return answers[0], answers[1]
