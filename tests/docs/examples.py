"""The fenced examples of a page: where they stand, what they need, and the programs made of them."""

from __future__ import annotations

import re
import struct
import textwrap
import wave
import zlib
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Example:
    language: str
    words: tuple[str, ...]  # behind the language: `online`
    code: str
    line: int
    section: str

    @property
    def name(self) -> str:
        return f"{self.language}, line {self.line}, {self.section}"

    @property
    def online(self) -> bool:
        return "online" in self.words

    @property
    def starts_a_run(self) -> bool:
        return "init(" in self.code or "Api" in self.code.split("(")[0]


def examples_of(page: Path, language: str) -> list[Example]:
    text = page.read_text()
    found = []
    for match in _FENCE.finditer(text):
        if match[1] != language:
            continue
        headings = re.findall(r"^#+ (.*)$", text[: match.start()], re.M)
        line = text.count("\n", 0, match.start()) + 1
        found.append(Example(language, tuple(match[2].split()), match[3], line, headings[-1]))
    return found


def python_program(example: Example) -> str:
    """The example as a script, with the run that it goes on from if it makes none."""
    code = "import runstone\n"
    if example.starts_a_run:
        return code + example.code
    return code + 'run = runstone.init(project="demo")\n' + example.code + "\nrun.finish()\n"


_CPP_HEAD = """\
#undef NDEBUG
#include <runstone/runstone.h>

#include <cassert>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

"""


def cpp_program(examples: list[Example]) -> str:
    """All examples as functions of one program, which runs the one whose number it is given."""
    headers, functions = [], []
    for i, example in enumerate(examples):
        lines = example.code.splitlines()
        headers += [line for line in lines if line.startswith("#include")]
        body = "\n".join(line for line in lines if not line.startswith("#include"))
        if not example.starts_a_run:
            body = (
                'runstone::InitOptions demo_options;\ndemo_options.project = "demo";\n'
                "auto demo_run = runstone::Run::init(demo_options);\nassert(demo_run);\n"
                "runstone::Run& run = *demo_run;\n" + body + "\nrun.finish();"
            )
        functions.append(f'#line {example.line + 1} "run-api.md"\nvoid example_{i}() {{\n{body}\n}}')
    table = ", ".join(f"example_{i}" for i in range(len(examples)))
    main = f"""
int main(int argc, char** argv) {{
  void (*const examples[])() = {{{table}}};
  examples[std::atoi(argv[argc - 1])]();
}}
"""
    return _CPP_HEAD + "\n".join(sorted(set(headers))) + "\n" + "\n".join(functions) + main


def _png(height: int, width: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([x * 8 % 256, 64, 128]) * 1 for x in range(width) for _ in (0,))
    rows = b"".join(
        b"\0" + b"".join(bytes([x * 8 % 256, y * 8 % 256, 128]) for x in range(width)) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def make_files(folder: Path) -> None:
    """What the examples find in their working directory."""
    (folder / "picture.png").write_bytes(_png(24, 32))
    (folder / "mesh.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (folder / "ala.pdb").write_text("ATOM      1  N   ALA A   1      11.104   6.134  -6.504\n")
    (folder / "page.html").write_text("<html><head></head><body>report</body></html>")
    (folder / "model.pt").write_bytes(b"weights")
    with wave.open(str(folder / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 80)
    data = folder / "data"
    data.mkdir()
    for name in ("train.csv", "test.csv"):
        (data / name).write_text(textwrap.dedent("x,y\n1,2\n"))
