"""console="redirect": what the program, its libraries and its children write to file descriptors 1 and 2."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest
from support.journal import printed

REDIRECT = """
import os, subprocess, sys
import runstone
run = runstone.init(project="p", mode="offline", settings={"console": "redirect"})
"""


def test_redirect_sees_c_and_child_processes_and_gives_everything_on(script, tmp_path):
    done = script(
        REDIRECT
        + textwrap.dedent("""
        import ctypes
        print("python")
        sys.stdout.flush()
        libc = ctypes.CDLL(None)
        libc.puts(b"from C")
        libc.fflush(None)
        subprocess.run(["sh", "-c", "echo child; echo error >&2"], check=True)
        os.write(1, b"descriptor\\n")
        run.finish()
        print("after")
        """)
    )
    assert done.returncode == 0, done.stderr
    text = "".join(text for stream, text in printed(tmp_path / "runstone") if stream == "stdout")
    assert text == "python\nfrom C\nchild\ndescriptor\n"
    assert ("stderr", "error\n") in printed(tmp_path / "runstone")
    assert done.stdout == "python\nfrom C\nchild\ndescriptor\nafter\n"
    assert done.stderr == "error\n"


def test_redirect_leaves_the_descriptors_as_they_were(script):
    done = script(
        "import os\nbefore = [os.fstat(f) for f in (1, 2)]\nfiles = set(os.listdir('/proc/self/fd'))\n"
        + REDIRECT
        + textwrap.dedent("""
        assert os.fstat(1).st_ino != before[0].st_ino
        run.finish()
        assert [(s.st_dev, s.st_ino) for s in map(os.fstat, (1, 2))] == [(s.st_dev, s.st_ino) for s in before]
        """)
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("ending", ["raise ValueError('boom')", "sys.exit(3)", "os.kill(os.getpid(), 2)"])
def test_redirect_has_the_last_words_of_a_program(script, tmp_path, ending):
    done = script(REDIRECT + "print('last words')\n" + ending + "\n")
    assert done.returncode != 0
    assert done.stdout == "last words\n"
    recorded = "".join(text for _, text in printed(tmp_path / "runstone"))
    assert "last words\n" in recorded
    if "boom" in ending:
        assert "ValueError: boom" in recorded and "ValueError: boom" in done.stderr


def test_redirect_keeps_a_character_whole_that_came_in_two_pieces(tmp_path):
    (tmp_path / "script.py").write_text(
        REDIRECT
        + textwrap.dedent("""
        import time
        for byte in "é日\\U0001f600".encode():
            os.write(1, bytes([byte]))
            time.sleep(0.01)
        os.write(1, b"\\xff\\xfe bad \\xe6\\n")
        run.finish()
        """)
    )
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, timeout=60)
    assert done.stdout == "é日\U0001f600".encode() + b"\xff\xfe bad \xe6\n"  # untouched
    text = "".join(text for _, text in printed(tmp_path / "runstone"))
    assert text == "é日\U0001f600\ufffd\ufffd bad \ufffd\n"


def test_redirect_gives_a_terminal_where_a_terminal_was(tmp_path):
    code = REDIRECT + textwrap.dedent("""
        assert os.isatty(1) and os.isatty(2)
        assert os.get_terminal_size(1) == (97, 31), os.get_terminal_size(1)
        print("on a terminal")
        run.finish()
        assert os.isatty(1)
        print("done")
        """)
    (tmp_path / "script.py").write_text(code)
    import fcntl
    import pty
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 97, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, stdout=slave, stderr=slave, stdin=slave
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    assert process.wait(30) == 0, shown
    assert shown == b"on a terminal\r\ndone\r\n"  # the terminal makes of a newline what it always does
    assert "".join(text for _, text in printed(tmp_path / "runstone")) == "on a terminal\n"


def test_redirect_serves_a_child_process_that_outlives_the_run(script):
    done = script(
        REDIRECT
        + textwrap.dedent("""
        child = subprocess.Popen(["sh", "-c", "read line; echo got $line"], stdin=subprocess.PIPE)
        run.finish()
        child.communicate(b"it\\n")
        assert child.returncode == 0
        """)
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "got it\n"


def test_redirect_in_forked_children_goes_to_the_run_and_ends_with_them(script, tmp_path):
    done = script(
        REDIRECT
        + textwrap.dedent("""
        child = os.fork()
        if child == 0:
            os.write(1, b"from the child\\n")
            run.finish()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        os.write(1, b"from the parent\\n")
        run.finish()
        """)
    )
    assert done.returncode == 0, done.stderr
    assert printed(tmp_path / "runstone") == [("stdout", "from the child\nfrom the parent\n")]
    assert done.stdout == "from the child\nfrom the parent\n"


def test_redirect_of_two_runs_restores_at_the_last(script, tmp_path):
    done = script(
        textwrap.dedent("""
        import os, runstone
        runs = [runstone.init(project="p", mode="offline", dir=name, reinit="create_new",
                              settings={"console": "redirect"}) for name in "ab"]
        os.write(1, b"both\\n")
        runs[0].finish()
        os.write(1, b"second\\n")
        runs[1].finish()
        """)
    )
    assert done.returncode == 0, done.stderr
    assert printed(tmp_path / "a") == [("stdout", "both\n")]
    assert printed(tmp_path / "b") == [("stdout", "both\nsecond\n")]


def test_redirect_lets_a_broken_pipe_break_the_program_as_ever(tmp_path):
    (tmp_path / "script.py").write_text(
        REDIRECT + "for i in range(10_000_000):\n    os.write(1, b'x' * 100 + b'\\n')\n"
    )
    done = subprocess.run(
        f"{sys.executable} script.py 2>/dev/null | head -n 1",
        cwd=tmp_path,
        shell=True,
        capture_output=True,
        timeout=60,
    )
    assert done.stdout == b"x" * 100 + b"\n"
