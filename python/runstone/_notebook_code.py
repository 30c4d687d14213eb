"""The code of a notebook: its file, and every cell that its session has run."""

from __future__ import annotations

import os
import sys

from ._notebook import in_jupyter
from ._terminal import warn

_HISTORY = "code/_session_history.ipynb"


def notebook_file() -> str:
    """The path of the notebook that this kernel runs; "" if nobody says it.

    Jupyter names the file in JPY_SESSION_NAME, editors in a variable of the session; else the setting
    notebook_name is asked.
    """
    if not in_jupyter():
        return ""
    shell = sys.modules["IPython"].get_ipython()
    candidates = (
        os.environ.get("RUNSTONE_NOTEBOOK_NAME") or os.environ.get("WANDB_NOTEBOOK_NAME"),
        shell.user_ns.get("__vsc_ipynb_file__"),
        os.environ.get("JPY_SESSION_NAME"),
    )
    return next((str(path) for path in candidates if path and os.path.isfile(path)), "")


def colab_page() -> str:
    """The address of the notebook, in Colab; else ""."""
    if "google.colab" not in sys.modules or not in_jupyter():
        return ""
    identity = os.environ.get("COLAB_NOTEBOOK_ID", "")
    return f"https://colab.research.google.com/notebook#fileId={identity}" if identity else ""


def start(run) -> None:
    """If the run saves code: keeps the session's cells, and the notebook as it then is, at finish()."""
    settings = run._settings()
    if not settings.get("save_code") or settings.get("disable_code") or not in_jupyter():
        return
    shell = sys.modules["IPython"].get_ipython()
    run._on_finish.append(lambda: _save(run, shell))


def _save(run, shell) -> None:
    import json

    try:
        cells = _cells(shell)
        if cells:
            _write(run, _HISTORY, json.dumps(_notebook(shell, cells), indent=1))
            run._config_set_private(["session_history"], _HISTORY)
        path = notebook_file()
        name = f"code/{os.path.basename(path)}" if path else ""
        if name and os.path.exists(os.path.join(run.dir, name)):  # it was saved at the start
            with open(path, encoding="utf-8") as file:
                _write(run, name, file.read())
    except (OSError, ValueError) as error:
        warn(f"The notebook's code is not saved: {error}")


def _write(run, name: str, text: str) -> None:
    path = os.path.join(run.dir, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    run._add_file(name)


def _cells(shell) -> list[dict]:
    """The session's cells with what they printed as their value, in the form of a notebook file."""
    cells = []
    for _session, number, (source, output) in shell.history_manager.get_range(output=True):
        outputs = [] if output is None else [{"output_type": "stream", "name": "stdout", "text": str(output)}]
        cells.append(
            {
                "cell_type": "code",
                "execution_count": number,
                "metadata": {},
                "outputs": outputs,
                "source": source,
            }
        )
    return cells


def _notebook(shell, cells: list[dict]) -> dict:
    """A notebook of format 4.4."""
    language = {"name": "python", "version": ".".join(map(str, sys.version_info[:3]))}
    kernel = getattr(shell, "kernel", None)
    kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": kernelspec,
            "language_info": getattr(kernel, "language_info", None) or language,
        },
        "nbformat": 4,
        "nbformat_minor": 4,
    }
