"""A training whose files and folders may not be read: Prints what each call answered,
as JSON; run by a user who is bound by permissions."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import runstone


def main() -> None:
    os.makedirs("locked/inner")
    Path("locked/inner/a.py").write_text("x = 1\n")
    for name in ("secret.png", "secret.wav", "secret.html", "secret.txt"):
        Path(name).write_text("secret")
        os.chmod(name, 0)
    os.chmod("locked", 0)
    try:
        Path("secret.txt").read_text()
    except PermissionError:
        pass
    else:
        sys.exit("this user may read everything: the test would show nothing")

    run = runstone.init(project="unreadable", dir=".", mode="offline")
    answers = {}

    def note(name: str, call) -> None:
        try:
            answers[name] = repr(call())
        except Exception as error:  # what a call raises is what the test is about
            answers[name] = f"{type(error).__name__}: {error}"

    note("image", lambda: run.log({"image": runstone.Image("secret.png")}))
    note("step after image", lambda: run.step)
    note("audio", lambda: run.log({"loss": 1, "audio": runstone.Audio("secret.wav")}))
    note("save", lambda: run.save("locked/inner/*"))
    note("save file", lambda: len(run.save("secret.txt")))
    run.log({"loss": 0.5})
    note("step at the end", lambda: run.step)
    run.finish()
    note("init", lambda: runstone.init(project="unreadable", dir="locked/inner", mode="offline").dir)
    print("\nANSWERS " + json.dumps(answers))


if __name__ == "__main__":
    main()
