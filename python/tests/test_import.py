"""What `import runstone` loads, and what the first run does."""

from __future__ import annotations

import json

import pytest

# What takes long to load, or belongs to others.
HEAVY = {
    "IPython",
    "PIL",
    "argparse",
    "asyncio",
    "collections",
    "dataclasses",
    "inspect",
    "json",
    "matplotlib",
    "numpy",
    "pandas",
    "plotly",
    "pyarrow",
    "ssl",
    "subprocess",
    "tempfile",
    "torch",
    "typing",
    "urllib",
    "yaml",
}

PROGRAM = """
import sys
before = set(sys.modules)
{code}
found = sorted(set(sys.modules) - before)
import json
print(json.dumps(found))
"""


def loaded(script, code: str) -> set[str]:
    done = script(PROGRAM.format(code=code))
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import runstone",
        "import runstone\nrun = runstone.init(mode='offline')\nrun.log(dict(loss=1))\nrun.finish()",
    ],
)
def test_nothing_is_loaded_that_a_run_of_numbers_does_not_need(script, code):
    modules = loaded(script, code)
    tops = {module.split(".")[0] for module in modules}
    assert not tops & HEAVY
    ours = [module for module in modules if module.startswith("runstone")]
    assert len(ours) <= 25, ours
    assert len(modules) - len(ours) <= 30, sorted(modules)
