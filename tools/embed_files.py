#!/usr/bin/env python3
"""Writes a C++ source file that holds the files of a folder, each packed with gzip.

A folder that does not exist gives a file that holds none: the program then says that its pages were
not built. The output is left alone if it would not change, so that nothing is compiled anew.
"""

import argparse
import gzip
import hashlib
from pathlib import Path

BYTES_PER_LINE = 4000  # compilers bound the length of one literal, not of their concatenation


def literal(data: bytes) -> str:
    """`data` as string literals of octal escapes (three digits each, so that none swallows the next)."""
    lines = (data[at : at + BYTES_PER_LINE] for at in range(0, len(data), BYTES_PER_LINE))
    return "\n".join('    "' + "".join(f"\\{byte:03o}" for byte in line) + '"' for line in lines)


def entry(folder: Path, path: Path) -> str:
    data = path.read_bytes()
    # mtime=0: the same pages give the same program.
    packed = gzip.compress(data, compresslevel=9, mtime=0)
    tag = hashlib.sha256(data).hexdigest()[:20]
    name = path.relative_to(folder).as_posix()
    return (
        f'    {{"{name}",\n     std::string_view(\n{literal(packed)},\n'
        f'         {len(packed)}),\n     "\\"{tag}\\""}},\n'
    )


def source(folder: Path) -> str:
    paths = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    entries = "".join(entry(folder, path) for path in paths if path.suffix != ".map")
    return (
        "// Made by tools/embed_files.py.\n"
        '#include "server/web_pages.h"\n\n'
        "namespace runstone::server {\n\n"
        "std::span<const api::EmbeddedFile> web_pages() {\n"
        + (
            f"  static const api::EmbeddedFile kFiles[] = {{\n{entries}  }};\n  return kFiles;\n"
            if entries
            else "  return {};\n"
        )
        + "}\n\n}  // namespace runstone::server\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    text = source(arguments.folder)
    if not arguments.output.exists() or arguments.output.read_text() != text:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(text)


if __name__ == "__main__":
    main()
