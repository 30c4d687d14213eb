"""Console capture: wrap, redirect, what a terminal would have shown, floods, loggers."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pyte
import pytest
import runstone
from support import journal
from support.journal import printed


def log_text(run) -> str:
    """output.log of a finished run."""
    return (Path(run.dir) / "output.log").read_text()


# --- as a terminal shows it ------------------------------------------------------------------------


class Rows:
    """A terminal emulator of another make: what the cells of its screen are after some output."""

    def __init__(self, text: str) -> None:
        screen = pyte.Screen(400, 60)
        screen.set_mode(pyte.modes.LNM)
        pyte.Stream(screen).feed(text)
        self.rows = []
        for y in range(screen.lines):
            # What a blank's letters would look like shows on nobody's screen.
            row = [
                (c.data, c.bg, c.reverse, c.underscore) if c.data == " " else tuple(c)
                for c in (screen.buffer[y][x] for x in range(screen.columns))
            ]
            while row and row[-1] == (" ", "default", False, False):
                row.pop()
            self.rows.append(row)
        while self.rows and not self.rows[-1]:
            self.rows.pop()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rows) and self.rows == other.rows

    def __repr__(self) -> str:
        return "\n".join("".join(cell[0] for cell in row) for row in self.rows)


def check_as_terminal(run, text: str) -> None:
    """Prints the text; what the log shows must be what a terminal shows."""
    run._write_console(False, text)
    run.finish()
    assert Rows(log_text(run)) == Rows(text), repr(text)


def test_DF7_the_vector_of_the_format(offline, capsys):
    run = offline()
    for text in ("a\rb\rc\n", "x\n", "no newline", "\x1b[31mred\x1b[0m\n"):
        sys.stdout.write(text)
    sys.stderr.write("E1\n")
    run.finish()
    assert log_text(run) == "c\nx\nno newline\x1b[31mred\x1b[0m\nE1\n"


def test_SE1_a_carriage_return_leaves_the_last_text_of_the_line(offline, capsys):
    run = offline()
    print("a\rb")
    run.finish()
    assert log_text(run) == "b\n"


@pytest.mark.parametrize(
    "text",
    [
        "hello\rwo\n",
        "\x1b[31mred\nstill red\x1b[0m\rplain\n",
        "one\ntwo\nthree\x1b[2A\r\x1b[2KONE\x1b[2B\rTHREE\n",
        "".join(f"\r{i:3d}%|{'█' * (i // 10):10}|" for i in range(101)) + "\n",
        "wide 日本\r\x1b[5CXX\n",
        "tab\tstop\rX\n",
        "a" * 50 + "\r\x1b[10C\x1b[0Kb\n\x1b[1;4;38;5;208mstyle\x1b[22m less\x1b[0m\n",
        "abc\b\b\bX\x1b[1@Y\x1b[1P\n",
        "top\n\n\nbottom\x1b[3A\rmiddle\n",
    ],
)
def test_the_log_shows_what_a_terminal_shows(offline, text):
    check_as_terminal(offline(), text)


def test_any_sequence_of_movements_shows_what_a_terminal_shows(tmp_path):
    generator = random.Random(7)
    pieces = [
        "\r",
        "\n",
        "\b",
        "\x1b[K",
        "\x1b[1K",
        "\x1b[2K",
        "\x1b[31m",
        "\x1b[1;34m",
        "\x1b[0m",
        "\x1b[3G",
        "\x1b[3P",
        "\x1b[2@",
        "\x1b[2X",
    ]
    pieces += [f"\x1b[{n}{c}" for n in (1, 2, 5) for c in "ACD"] + ["text", "längeres Wort ", "x"]
    for attempt in range(60):
        text = "".join(generator.choices(pieces, k=60))
        run = runstone.init(
            project="p", mode="offline", dir=tmp_path / str(attempt), settings={"console": "off"}
        )
        check_as_terminal(run, text)


BARS = {
    "tqdm": """
        from tqdm import tqdm
        for i in tqdm(range(20), desc="outer", mininterval=0):
            for j in tqdm(range(3), desc="inner", leave=False, mininterval=0):
                pass
    """,
    "rich": """
        from rich.console import Console
        from rich.progress import Progress
        console = Console(force_terminal=True, width=80)
        with Progress(console=console, auto_refresh=False) as progress:
            one, two = progress.add_task("[red]one", total=5), progress.add_task("two", total=5)
            for i in range(5):
                progress.update(one, advance=1); progress.refresh()
                progress.update(two, advance=1); progress.refresh()
                progress.console.print("step", i)
        console.print("[bold green]done[/]")
    """,
}


@pytest.mark.parametrize("library", sorted(BARS))
def test_progress_bars_look_as_on_a_terminal(script, tmp_path, library):
    code = textwrap.dedent(BARS[library])
    done = script(
        "import runstone\nrun = runstone.init(project='p', mode='offline')\n"
        + code
        + "run.finish()\nprint(run.dir)\n"
    )
    assert done.returncode == 0, done.stderr
    # Each stream has a terminal of its own; these bars use one of them.
    raw = "".join(text for stream, text in printed(tmp_path / "runstone"))
    shown = Path(done.stdout.splitlines()[-1], "output.log").read_text()
    assert Rows(shown) == Rows(raw)
    assert shown.count("\n") <= 10
    assert "\r" not in shown


# --- wrap -------------------------------------------------------------------------------------------


def test_both_streams_are_captured_in_order_and_marked(offline, capsys, tmp_path):
    run = offline()
    print("one")
    print("two", file=sys.stderr)
    print("three")
    run.finish()
    assert printed(tmp_path / "runstone") == [("stdout", "one\n"), ("stderr", "two\n"), ("stdout", "three\n")]
    assert log_text(run) == "one\ntwo\nthree\n"
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("one\nthree\n", "two\n")  # and went where it goes without us


@pytest.mark.parametrize("console", ["off"])
def test_console_off_records_nothing(offline, capsys, tmp_path, console):
    run = offline(settings={"console": console})
    print("unseen")
    run.finish()
    assert printed(tmp_path / "runstone") == []
    assert not (Path(run.dir) / "output.log").exists()


def test_a_console_that_is_none_is_refused(offline):
    with pytest.raises(ValueError, match="one of auto, off, wrap, redirect"):
        offline(settings={"console": "loud"})


def test_wrapped_streams_are_the_same_objects_before_during_and_after(offline, capsys):
    before, write = sys.stdout, sys.stdout.write
    run = offline()
    assert sys.stdout is before and sys.stdout.isatty() is before.isatty()
    run.finish()
    assert sys.stdout is before and sys.stdout.write == write


def test_who_holds_the_stream_from_before_is_captured(offline, capsys, tmp_path):
    import logging

    handler = logging.StreamHandler(sys.stderr)
    logger = logging.getLogger("test_console.held")
    logger.addHandler(handler)
    run = offline()
    logger.warning("held")
    run.finish()
    logger.removeHandler(handler)
    assert printed(tmp_path / "runstone") == [("stderr", "held\n")]


def test_a_stream_that_takes_no_attributes_is_captured(offline, monkeypatch, tmp_path):
    class Slotted:
        __slots__ = ("got",)

        def __init__(self):
            self.got = []

        def write(self, text):
            self.got.append(text)

        def flush(self):
            pass

    stream = Slotted()
    monkeypatch.setattr(sys, "stdout", stream)
    run = offline()
    print("seen")
    run.finish()
    assert sys.stdout is stream and stream.got == ["seen", "\n"]
    assert printed(tmp_path / "runstone") == [("stdout", "seen\n")]


def test_several_runs_all_have_what_was_printed_while_they_lived(tmp_path, capsys):
    runs = []
    for name in "ab":
        runs.append(runstone.init(project="p", mode="offline", dir=tmp_path / name, reinit="create_new"))
        print("from", name)
    runs[0].finish()
    print("last")
    runs[1].finish()
    print("nobody")
    assert log_text(runs[0]) == "from a\nfrom b\n"
    assert log_text(runs[1]) == "from b\nlast\n"


def test_many_threads_print_whole_lines(offline, capsys):
    run = offline()

    def work(name: int) -> None:
        for i in range(200):
            sys.stdout.write(f"thread {name} line {i}\n")

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    expected = sorted(f"thread {name} line {i}" for name in range(8) for i in range(200))
    assert sorted(log_text(run).splitlines()) == expected


def test_text_that_is_no_unicode_is_kept_as_near_as_can_be(offline, capsys):
    run = offline()
    run._write_console(False, "a\0b\n")
    sys.stdout.write("ok \U0001f600 é\n")
    run.write_logs("written\nlogs")
    run.finish()
    assert log_text(run) == "ab\nok \U0001f600 é\nwritten\nlogs\n"


def test_a_line_of_a_megabyte_goes_on_in_the_next(offline, capsys):
    run = offline()
    print("x" * 1_000_000)
    run.finish()
    lines = log_text(run).splitlines()
    assert "".join(lines) == "x" * 1_000_000
    assert max(map(len, lines)) == 256 * 1024


def test_a_text_larger_than_what_may_wait_is_whole(offline, capsys):
    run = offline()
    text = "".join(f"line {i:94d}\n" for i in range(120_000))
    sys.stdout.write(text)
    sys.stdout.write(text)
    run.finish()
    assert log_text(run) == text * 2


def test_a_forked_childs_prints_are_in_the_log(script, tmp_path):
    done = script(
        textwrap.dedent("""
        import os, sys
        import runstone
        run = runstone.init(project="p", mode="offline")
        child = os.fork()
        if child == 0:
            print("from the child", flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        run.finish()
        """)
    )
    assert done.returncode == 0, done.stderr
    assert ("stdout", "from the child\n") in printed(tmp_path / "runstone")


# --- floods -----------------------------------------------------------------------------------------

FLOOD = """
import os, resource, sys
import runstone
run = runstone.init(project="p", mode="offline", settings={"console": sys.argv[1]})
line = "x" * 99 + "\\n"
block = line * 100
for i in range(int(sys.argv[2])):
    sys.stdout.write(block)
    if i % 100 == 0:
        run.log({"i": i})
sys.stdout.flush()
run.finish()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(f"PEAK {peak} {run.dir}", file=sys.stderr)
"""


@pytest.mark.parametrize("console", ["wrap", "redirect"])
def test_a_flood_of_100_megabytes_is_taken_in_bounded_memory(tmp_path, console):
    (tmp_path / "script.py").write_text(FLOOD)

    def run(blocks: int) -> tuple[int, Path]:
        done = subprocess.run(
            [sys.executable, "script.py", console, str(blocks)],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        _, peak, folder = done.stderr.splitlines()[-1].split()
        return int(peak), Path(folder)

    small, _ = run(10)
    large, folder = run(10_000)
    assert large - small < 150_000, (small, large)  # KiB
    with open(folder / "output.log", "rb") as file:
        assert sum(1 for _ in file) == 1_000_000
    log = next(folder.parent.glob("run-*.wandb"))
    assert len(journal.rows(log)) == 100


# --- parts and loggers --------------------------------------------------------------------------------


def test_multipart_writes_files_of_the_size_asked_for(offline, capsys, tmp_path):
    run = offline(settings={"console_multipart": True, "console_chunk_max_bytes": 1000})
    for i in range(100):
        run._write_console(False, f"line {i:94d}\n")
    run.finish()
    parts = sorted((Path(run.dir) / "logs").iterdir())
    assert [len(part.read_text()) for part in parts] == [1000] * 10
    assert "".join(part.read_text() for part in parts) == "".join(f"line {i:94d}\n" for i in range(100))
    assert all(re.fullmatch(r"output_\d{8}_\d{6}_\d{9}\.log", part.name) for part in parts)
    assert not (Path(run.dir) / "output.log").exists()
    announced = {f.path for r in journal.records(journal.find(tmp_path / "runstone")) for f in r.files.files}
    assert {f"logs/{part.name}" for part in parts} <= announced


def test_capture_loggers_records_lines_of_their_level(offline, capsys, tmp_path):
    import logging

    run = offline(settings={"console": "off", "capture_loggers": {"app": "INFO", "app.quiet": "ERROR"}})
    logging.getLogger("app").setLevel("DEBUG")
    logging.getLogger("app").debug("too low")
    logging.getLogger("app.part").info("said %d", 3)
    logging.getLogger("other").error("not asked for")
    run.finish()
    logging.getLogger("app").error("after")
    assert printed(tmp_path / "runstone") == [("logger", "INFO:app.part:said 3\n")]
    assert log_text(run) == "INFO:app.part:said 3\n"
    assert logging.getLogger("app").handlers == []


@pytest.mark.parametrize("wrong", [["app"], "app", {"app": "LOUD"}])
def test_capture_loggers_of_another_form_are_refused(offline, wrong):
    with pytest.raises(ValueError, match="capture_loggers"):
        offline(settings={"capture_loggers": wrong})
    assert runstone.run is None


def test_a_labelled_writers_file_has_its_name(offline, capsys):
    run = offline(settings={"x_label": "node1"})
    print("hello")
    run.finish()
    assert (Path(run.dir) / "output_node1.log").read_text() == "hello\n"


# --- a disk that takes no more ------------------------------------------------------------------------


def test_a_file_that_cannot_be_written_is_told_and_the_run_goes_on(script, tmp_path):
    done = script(
        textwrap.dedent("""
        import os, pathlib
        import runstone
        run = runstone.init(project="p", mode="offline")
        os.mkdir(os.path.join(run.dir, "output.log"))  # in its place
        print("kept in the journal")
        run.log({"a": 1})
        run.finish()
        """),
        RUNSTONE_SILENT="false",
    )
    assert done.returncode == 0, done.stderr
    assert "output.log" in done.stderr and "not complete" in done.stderr
    assert printed(tmp_path / "runstone") == [("stdout", "kept in the journal\n")]
    assert len(journal.rows(journal.find(tmp_path / "runstone"))) == 1
