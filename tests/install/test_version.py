"""The version stands in CMakeLists.txt; what cannot read it there says the same."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def version_in(path: str, pattern: str) -> str:
    found = re.search(pattern, (ROOT / path).read_text(), re.MULTILINE)
    assert found, path
    return found.group(1)


def test_cmake_wheel_and_package_agree():
    of_cmake = version_in("CMakeLists.txt", r"project\(runstone VERSION ([\d.]+)")
    assert version_in("pyproject.toml", r'^version = "([\d.]+)"') == of_cmake
    assert version_in("python/runstone/__init__.py", r'^__version__ = "([\d.]+)"') == of_cmake
    parts = ("MAJOR", "MINOR", "PATCH")
    of_c = [version_in("include/runstone.h", rf"^#define RUNSTONE_VERSION_{part} (\d+)") for part in parts]
    assert ".".join(of_c) == of_cmake
