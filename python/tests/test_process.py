"""How a process ends and what its run says about it; threads and forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest
import runstone
from support import journal

START = "import os, sys, signal\nimport runstone\nrun = runstone.init(project='p', mode='offline')\nrun.log({'a': 1})\n"


def ended_with(tmp_path) -> int | None:
    return journal.exit_code(journal.find(tmp_path / "runstone"))


@pytest.mark.parametrize(
    ("ending", "code", "returncode"),
    [
        ("", 0, 0),
        ("run.finish()", 0, 0),
        ("runstone.finish()", 0, 0),
        ("run.finish(exit_code=3)", 3, 0),
        ("sys.exit(4)", 4, 4),
        ("sys.exit(0)", 0, 0),
        ("sys.exit('message')", 1, 1),
        ("raise SystemExit(5)", 5, 5),
        ("raise ValueError('x')", 1, 1),
    ],
)
def test_X1_the_exit_record_tells_how_the_script_ended(script, tmp_path, ending, code, returncode):
    done = script(START + ending)
    assert done.returncode == returncode, done.stderr
    assert ended_with(tmp_path) == code


@pytest.mark.parametrize(
    ("raised", "returncode"),
    [("SystemExit(3)", 3), ("KeyboardInterrupt()", -signal.SIGINT), ("ValueError('x')", 1)],
)
def test_X1_a_with_block_that_raised_is_1_and_the_exception_goes_on(script, tmp_path, raised, returncode):
    code = "import runstone\nwith runstone.init(project='p', mode='offline') as run:\n    raise " + raised
    done = script(code)
    assert done.returncode == returncode
    assert "Traceback" in done.stderr and raised.split("(")[0] in done.stderr
    assert ended_with(tmp_path) == 1


def test_X1_ctrl_c_is_255(script, tmp_path):
    done = script(START + "os.kill(os.getpid(), signal.SIGINT)\nimport time; time.sleep(30)")
    assert done.returncode == -signal.SIGINT
    assert ended_with(tmp_path) == 255


def test_X1_a_killed_process_leaves_no_exit_record_and_its_row(script, tmp_path):
    done = script(START + "os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -signal.SIGKILL
    assert ended_with(tmp_path) is None
    assert [row["a"] for row in journal.rows(journal.find(tmp_path / "runstone"))] == [1]


def test_X1_os_exit_leaves_no_exit_record(script, tmp_path):
    script(START + "os._exit(0)")
    assert ended_with(tmp_path) is None


def test_X2_forked_children_and_threads_log_into_the_one_run(script, tmp_path):
    done = script(
        textwrap.dedent("""
        import multiprocessing, threading
        import runstone

        def child(run, i):
            run.log({"child": i})

        run = runstone.init(project="p", mode="offline")
        context = multiprocessing.get_context("fork")
        children = [context.Process(target=child, args=(run, i)) for i in range(2)]
        threads = [threading.Thread(target=lambda: [run.log({"a": 1}) for _ in range(100)]) for _ in range(4)]
        for part in children + threads:
            part.start()
        for part in children + threads:
            part.join()
        run.finish()
        """)
    )
    assert done.returncode == 0, done.stderr
    rows = journal.rows(journal.find(tmp_path / "runstone"))
    assert len(rows) == 402
    assert len({row["_step"] for row in rows}) == 402
    assert sorted(row["child"] for row in rows if "child" in row) == [0, 1]


SPAWN = """
import multiprocessing, os, sys
import runstone

def child(run, i):
    assert isinstance(run, runstone.Run) and run.id == "spawning" and run.config["lr"] == 0.5
    run.log({"child": i})
    run.log({"child": i + 10}, commit=False)   # written when the child ends
    run.summary[f"best{i}"] = i
    print("said by a child")

if __name__ == "__main__":
    run = runstone.init(project="p", mode="offline", id="spawning", config={"lr": 0.5})
    run.log({"parent": 1})
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=child, args=(run, i)) for i in range(2)]
    for part in children:
        part.start()
    for part in children:
        part.join()
        assert part.exitcode == 0
    run.log({"parent": 2})
    run.finish()
"""


def test_X2_a_run_passed_to_spawned_children_gets_their_rows(script, tmp_path):
    done = script(SPAWN)
    assert done.returncode == 0, done.stderr
    path = journal.find(tmp_path / "runstone")
    rows = journal.rows(path)
    assert sorted(row["child"] for row in rows if "child" in row) == [0, 1, 10, 11]
    assert [row["parent"] for row in rows if "parent" in row] == [1, 2]
    assert len({row["_step"] for row in rows}) == len(rows) == 6
    summary = (path.parent / "files" / "wandb-summary.json").read_text()
    assert '"best0":0' in summary and '"best1":1' in summary
    assert ended_with(tmp_path) == 0


def test_a_run_cannot_be_unpickled_where_it_was_made(offline):
    import copy
    import pickle

    run = offline()
    with pytest.raises(RuntimeError, match="made it"):
        pickle.loads(pickle.dumps(run))
    assert copy.deepcopy(run) is run and copy.copy(run) is run
    run.finish()
    with pytest.raises(runstone.UsageError, match="finished"):
        pickle.dumps(run)


def test_the_key_does_not_travel_with_a_pickled_run(monkeypatch):
    import pickle

    run = runstone.init(mode="offline", settings=runstone.Settings(api_key="local-" + "7" * 40))
    assert b"7777" not in pickle.dumps(run)


def test_step_in_a_child_warns(script):
    done = script(
        START
        + textwrap.dedent("""
        pid = os.fork()
        if pid == 0:
            run.log({"a": 2}, step=7)
            os._exit(0)
        os.waitpid(pid, 0)
        """),
        RUNSTONE_SILENT="false",
    )
    assert done.returncode == 0 and "step= is ignored in a child process" in done.stderr


def test_X1_a_with_block_that_raised_prints_its_traceback_into_the_log(script, tmp_path):
    done = script(
        textwrap.dedent("""
        import runstone
        try:
            with runstone.init(project="p", mode="offline") as run:
                raise ValueError("deep inside")
        except ValueError:
            print("caught")
        """)
    )
    assert done.returncode == 0 and "caught" in done.stdout
    assert "Traceback" in done.stderr and "deep inside" in done.stderr
    log = journal.find(tmp_path / "runstone").parent / "files" / "output.log"
    assert "ValueError: deep inside" in log.read_text()
    assert ended_with(tmp_path) == 1


def test_a_child_that_ends_does_not_finish_the_run(script, tmp_path):
    done = script(
        START
        + textwrap.dedent("""
        pid = os.fork()
        if pid == 0:
            sys.exit(7)
        os.waitpid(pid, 0)
        run.log({"after": 1})
        """)
    )
    assert done.returncode == 0, done.stderr
    assert ended_with(tmp_path) == 0
    assert len(journal.rows(journal.find(tmp_path / "runstone"))) == 2


def test_the_console_is_in_the_log(script, tmp_path):
    done = script(
        textwrap.dedent("""
        import sys
        import runstone
        run = runstone.init(project="p", mode="offline")
        print("hello")
        print("a\\rb")
        print("oops", file=sys.stderr)
        run.finish()
        print("after")
        """)
    )
    assert done.returncode == 0, done.stderr
    assert "hello" in done.stdout and "after" in done.stdout
    log = journal.find(tmp_path / "runstone").parent / "files" / "output.log"
    lines = log.read_text().splitlines()
    assert "hello" in lines and "b" in lines and "oops" in lines and "after" not in lines


def test_console_off_captures_nothing(script, tmp_path):
    done = script(
        "import runstone\nrun = runstone.init(project='p', mode='offline', settings={'console': 'off'})\n"
        "print('hello')\nrun.finish()\n"
    )
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "runstone").rglob("output.log"))


def test_a_server_that_was_named_and_is_away_does_not_stop_a_training(script, tmp_path):
    from support.server import free_port

    done = script(
        START.replace("mode='offline'", "settings={'finish_timeout': 1}"),
        RUNSTONE_BASE_URL=f"http://127.0.0.1:{free_port()}",
        RUNSTONE_API_KEY="local-" + "0" * 40,
        RUNSTONE_SILENT="false",
    )
    assert done.returncode == 0, done.stderr
    assert "sync" in done.stderr
    assert len(journal.rows(journal.find(tmp_path / "runstone"))) == 1


def test_many_programs_that_end_without_finish_end_well(tmp_path):
    """What the uplink's thread uses first, while the program ends, was destroyed before the run was finished."""
    from support.server import free_port

    environment = {**os.environ, "RUNSTONE_BASE_URL": f"http://127.0.0.1:{free_port()}"}
    environment |= {"RUNSTONE_API_KEY": "local-" + "0" * 40, "RUNSTONE_SILENT": "false"}
    script = START.replace("mode='offline'", f"dir={str(tmp_path)!r}, settings={{'finish_timeout': 0.1}}")
    programs = [
        subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(12)
    ]
    for program in programs:
        errors = program.communicate(timeout=60)[1]
        assert program.returncode == 0, errors


def test_import_pulls_in_nothing_heavy():
    code = "import sys, runstone; print([m for m in ('numpy', 'yaml', 'asyncio', 'json', 'typing') if m in sys.modules])"
    bare = (
        "import sys; print([m for m in ('numpy', 'yaml', 'asyncio', 'json', 'typing') if m in sys.modules])"
    )
    environment = dict(os.environ)
    outputs = [
        subprocess.run([sys.executable, "-c", c], check=True, capture_output=True, env=environment).stdout
        for c in (code, bare)
    ]
    assert outputs[0] == outputs[1]


def test_a_list_and_a_histogram_in_the_summary_survive_an_end_without_finish(script, tmp_path):
    done = script("""
import runstone
run = runstone.init(mode="offline")
run.log({"l": [1, 2], "h": {"_type": "histogram", "values": [1], "bins": [0, 1]}})
""")
    assert done.returncode == 0, done.stderr
    [summary] = tmp_path.glob("runstone/offline-run-*/files/wandb-summary.json")
    assert '"l":[1,2]' in summary.read_text()
