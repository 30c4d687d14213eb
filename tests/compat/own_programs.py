"""What every program of the tests of artifacts begins with."""

PREAMBLE = """
import json, os, pathlib, sys
import runstone
from runstone import errors

def answer(value):
    print("\\nANSWER " + json.dumps(value), flush=True)

def write(path, content="x"):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path

def make(name="ds", type="dataset", files={"hello.txt": "hello\\n"}, **options):
    artifact = runstone.Artifact(name, type, **options)
    for path, content in files.items():
        with artifact.new_file(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
    return artifact

def raises(kind, call, words=""):
    try:
        call()
    except kind as error:
        assert words in str(error), (words, str(error))
        return error
    raise AssertionError(f"no {kind}")
"""
