"""The Checks of the specification as C++ programs (`native/`): each case by its name, in a process and a folder
of its own, against a real server."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from client import ask, environment

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).resolve().parent / "native"
PROGRAM = ROOT / "build" / "release" / "tests" / "compat" / "native" / "native_checks"
CASE = re.compile(r"^TEST\(\s*(\w+),\s*(\w+)\)", re.M)
CASES = [
    f"{suite}.{name}"
    for path in sorted(SOURCES.glob("*_test.cc"))
    for suite, name in CASE.findall(path.read_text())
]


def run_case(server, folder: Path, case: str) -> None:
    """Fails also if the program has no case of that name, or skips it."""
    env = environment(server, folder)
    report = folder / "report.json"
    command = [str(PROGRAM), f"--gtest_filter={case}", f"--gtest_output=json:{report}"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}\n{server.log()}"
    ran = [test for suite in json.loads(report.read_text())["testsuites"] for test in suite["testsuite"]]
    assert [test["result"] for test in ran] == ["COMPLETED"], done.stdout


@pytest.mark.parametrize("case", CASES)
def test_native(case, shared_server, tmp_path):
    run_case(shared_server, tmp_path, case)


def test_the_program_has_the_cases_of_its_sources_and_no_other():
    listed = subprocess.run([str(PROGRAM), "--gtest_list_tests"], check=True, capture_output=True, text=True)
    found, suite = [], ""
    for line in listed.stdout.splitlines():
        if line.startswith("  "):
            found.append(suite + line.split()[0])
        elif line.endswith("."):
            suite = line
    assert CASES and sorted(found) == sorted(CASES)


def test_the_stock_client_reads_what_the_cases_left(server, tmp_path):
    cases = {
        "linked": "SharedArtifacts.LK1ALinkedVersionIsFoundWhereItWasLinked",
        "parts": "SharedArtifacts.UA1ThreeRunsMakeOneVersionAndALaterUpsertTheNext",
        "used": "SharedArtifacts.UA3_A17EveryFormOfANameIsTheSameVersionAndItsUseIsNoted",
        "resumed": "Resume.R1AResumedRunGoesOnAfterItsLastStep",
        "synced": "Sync.SY1AnOfflineRunIsWhatItWouldHaveBeenOnline",
        "files": "Files.PA3ADownloadedFileIsTheSavedOne",
        "summary": "Members.C3_L5_S3TheServerHasTheConfigTheRowsAndTheSummaryOfTheRun",
    }
    for name, case in cases.items():
        run_case(server, tmp_path / name, case)
    read = ask(
        server,
        tmp_path,
        """{
            "linked": (lambda a: [a.is_link, a.source_name, a.digest, "prod" in a.aliases])(
                api.artifact(linked + "-portfolio/best:latest")),
            "parts": [sorted(api.artifact(f"{parts}/big:v{i}").manifest.entries) for i in range(2)],
            "used": sorted(a.name for a in api.run(used + "/user").used_artifacts()),
            "resumed": [(row["_step"], row["l"]) for row in api.run(resumed + "/abc").scan_history()],
            "synced": (lambda run: [run.state, run.name, dict(run.config), len(list(run.scan_history())),
                                    run.summary["by hand"]["deep"]])(api.run(synced + "/away")),
            "files": [f.size for f in api.run(files + "/saver").files(names=["sub/model.bin"])],
            "summary": (lambda run: [
                json.load(run.file("wandb-summary.json").download(root="got")), run.summary._json_dict
            ])(api.run(summary + "/r1")),
        }""".replace("\n", " "),
        **cases,
    )
    in_file, of_server = read.pop("summary")
    # As text: NaN is not equal to itself.
    assert json.dumps(in_file, sort_keys=True) == json.dumps(of_server, sort_keys=True)
    assert of_server["by hand"] == {"v": 1, "w": 5} and of_server["nan"] != of_server["nan"]
    assert read == {
        "linked": [True, "ds:v0", "646850bf3b1463160ba8676bfb654546", True],
        "parts": [[f"{part}{i}.bin" for i in range(1, 4)] for part in "ab"],
        "used": ["ds:v0", "mine:v0"],
        "resumed": [[0, 1], [1, 2], [2, 3]],
        "synced": ["finished", "the same name", {"lr": 0.1, "net": {"layers": 3}}, 122, [1, "two"]],
        "files": [200_000],
    }
