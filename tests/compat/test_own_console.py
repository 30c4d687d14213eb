"""The console of our own runs on the server, beside the stock client's: lines, files, floods."""

from __future__ import annotations

import hashlib

from client import ask, run_script

PRINTS = """
    import sys
    import {module}
    run = {module}.init(project="console", id="{run}", settings={module}.Settings(silent=True, x_disable_stats=True))
    for text in ("a\\rb\\rc\\n", "x\\n", "no newline", "\\x1b[31mred\\x1b[0m\\n"):
        sys.stdout.write(text)
    sys.stderr.write("E1\\n")
    for i in range(101):
        sys.stdout.write(f"\\r{{i:3d}}%")
    print()
    run.finish()
"""


def lines_of(server, run: str, last: int = 10_000) -> list[dict]:
    """The console lines that the server has, oldest first."""
    edges = server.graphql(
        """query L($entity: String!, $run: String!, $last: Int!) { project(name: "console", entityName: $entity) {
             run(name: $run) { logLineCount logLines(last: $last) { edges { node { number level line } } } } } }""",
        entity=server.entity(),
        run=run,
        last=last,
    )["project"]["run"]["logLines"]["edges"]
    return [edge["node"] for edge in edges]


def test_DF7_lines_and_file_are_the_stock_clients(shared_server, tmp_path):
    for module in ("runstone", "wandb"):
        run_script(shared_server, tmp_path / module, PRINTS.format(module=module, run=module))
    ours, stock = (lines_of(shared_server, module) for module in ("runstone", "wandb"))
    texts = ["c", "x", "no newline\x1b[31mred\x1b[0m", "E1", "100%"]
    assert [node["line"] for node in ours] == texts
    assert [(n["number"], n["line"], n["level"]) for n in ours] == [
        (n["number"], n["line"], n["level"]) for n in stock
    ]
    files = ask(
        shared_server,
        tmp_path,
        """{run: api.run("console/" + run).file("output.log").download(root=run, replace=True).read()
            for run in ("runstone", "wandb")}""".replace("\n", " "),
    )
    assert files["runstone"] == "\n".join(texts) + "\n" == files["wandb"]


def test_a_redirected_programs_children_are_on_the_server(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import os, subprocess
        import runstone
        run = runstone.init(project="console", id="redirected", settings={"console": "redirect", "silent": True})
        os.write(1, b"descriptor\\n")
        subprocess.run(["sh", "-c", "echo child; echo error >&2"], check=True)
        run.finish()
        """,
    )
    nodes = lines_of(shared_server, "redirected")
    assert sorted(node["line"] for node in nodes) == ["child", "descriptor", "error"]
    assert {n["line"]: n["level"] for n in nodes}["error"] == "error"


def test_a_flood_is_on_the_server_whole_and_the_training_goes_on(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import sys
        import runstone
        run = runstone.init(project="console", id="flood", settings={"silent": True})
        for i in range(200_000):
            sys.stdout.write(f"line {i:94d}\\n")
            if i % 1000 == 0:
                run.log({"i": i})
        run.finish()
        """,
    )
    facts = shared_server.run_facts("console", "flood")
    assert facts["state"] == "finished" and len(facts["rows"]) == 200
    assert [node["line"] for node in lines_of(shared_server, "flood", 3)] == [
        f"line {i:94d}" for i in range(199_997, 200_000)
    ]
    expected = "".join(f"line {i:94d}\n" for i in range(200_000)).encode()
    digest = ask(
        shared_server,
        tmp_path,
        "__import__('hashlib').sha256("
        "open(api.run('console/flood').file('output.log').download(root='f', replace=True).name, 'rb').read())"
        ".hexdigest()",
    )
    assert digest == hashlib.sha256(expected).hexdigest()


def test_a_bar_that_outlives_many_lines_is_one_line_in_its_place(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import sys
        import runstone
        run = runstone.init(project="console", id="bar", settings={"silent": True})
        sys.stderr.write("0%")
        for i in range(500):
            print("line", i)
            sys.stderr.write(f"\\r{i}%")
        sys.stderr.write("\\n")
        run.finish()
        """,
    )
    nodes = lines_of(shared_server, "bar")
    assert [node["line"] for node in nodes] == ["499%"] + [f"line {i}" for i in range(500)]
    assert nodes[0]["level"] == "error"
    file = ask(
        shared_server,
        tmp_path,
        "api.run('console/bar').file('output.log').download(root='b', replace=True).read()",
    )
    assert file.splitlines() == [node["line"] for node in nodes]


def test_parts_and_loggers_are_on_the_server(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import logging
        import runstone
        run = runstone.init(project="console", id="parts", settings={
            "silent": True, "console_multipart": True, "console_chunk_max_bytes": 200,
            "capture_loggers": {"root": "INFO"}})
        for i in range(10):
            print(f"line {i:94d}")
        logging.getLogger("x.y").warning("warn %d", 3)
        run.finish()
        """,
    )
    names = ask(shared_server, tmp_path, "[f.name for f in api.run('console/parts').files()]")
    parts = sorted(name for name in names if name.startswith("logs/output_"))
    assert len(parts) == 6 and "output.log" not in names
    assert lines_of(shared_server, "parts")[-1]["line"] == "WARNING:x.y:warn 3"
