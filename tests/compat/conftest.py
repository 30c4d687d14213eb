"""Makes the helpers beside these tests importable; what several of them start."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import runstone  # noqa: E402
from client import run_script  # noqa: E402
from own_programs import PREAMBLE  # noqa: E402


@pytest.fixture
def own(shared_server, tmp_path):
    """Runs a program under our client and gives what it printed after ANSWER."""

    def run(script: str, **options):
        done = run_script(shared_server, tmp_path, PREAMBLE + script, **options)
        lines = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
        return json.loads(lines[-1][len("ANSWER ") :]) if lines else done

    return run


@pytest.fixture
def api(shared_server):
    return runstone.Api({"base_url": shared_server.url}, api_key=shared_server.key)


@pytest.fixture
def start(shared_server, tmp_path):
    """Starts an online run in this process; what is left unfinished ends with the test."""
    started = []

    def begin(project: str, **options):
        settings = {"base_url": shared_server.url, "api_key": shared_server.key, "console": "off"}
        settings |= {"silent": True, "x_disable_stats": True, "finish_timeout": 60}
        run = runstone.init(project=project, dir=tmp_path, reinit="create_new", settings=settings, **options)
        assert run.url, "the run is not online"
        started.append(run)
        return run

    yield begin
    for run in started:
        run.finish()
