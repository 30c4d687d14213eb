"""The class Run: the core's run with Python's ways of reading and writing it."""

from __future__ import annotations

import os
import sys

from . import (
    _console,
    _core,
    _loggers,
    _messages,
    _notebook,
    _notebook_code,
    _process,
    _restoring,
    _run_artifacts,
    _saving,
    _watch,
)
from ._config import Config, ConfigStatic
from ._config_artifacts import take_artifacts
from ._metric import Metric
from ._settings import Settings
from ._summary import Summary
from ._terminal import warn
from .errors import Error, UsageError


class Run(_core.Run):
    """One run: what a training logs. Made by ``runstone.init()``; finished by ``finish()``, by the end
    of its ``with`` block, or by the end of the script.

    Each member may be used from any thread. After finish() everything that would write raises
    UsageError; the facts can still be read.
    """

    def __init__(self, options: dict, settings, setup_settings, facts: dict, stop_fn=None) -> None:
        artifacts = take_artifacts(options["config"])
        _console.flush()  # what was printed before the run is none of its console
        super().__init__(options, settings, setup_settings, facts)
        self._stop_fn = stop_fn
        self._begin()
        try:
            if artifacts:
                self._config.update(artifacts)
        except BaseException:  # no run is left behind by an init() that failed
            self.finish(1)
            raise

    @classmethod
    def _attached(cls, token: str) -> Run:
        """The run of another process on this machine: rows logged here are rows of it."""
        run = cls.__new__(cls)
        _core.Run.__init__(run, token)
        run._stop_fn = None
        run._begin()
        return run

    def _begin(self) -> None:
        self._config = Config(self)
        self._summary = Summary(self)
        self._on_finish: list = []
        if self.disabled:
            from ._disabled import DisabledSummary

            self._summary = DisabledSummary()
            self.__dict__["log"] = self._summary.log
        else:
            _console.start(self)
            _loggers.start(self)
            _notebook_code.start(self)

    # --- facts ------------------------------------------------------------------------------------
    @property
    def config(self) -> Config:
        """What went into the run; dict-like. See Config."""
        return self._config

    @property
    def config_static(self) -> ConfigStatic:
        """A read-only snapshot of the config."""
        return ConfigStatic(self._config.as_dict())

    @property
    def summary(self) -> Summary:
        """Each metric's last value or aggregates; dict-like. See Summary."""
        return self._summary

    @property
    def settings(self) -> Settings:
        """A copy of the settings: changing it does not change the run."""
        return Settings._of(self._settings(), self._stop_fn)

    @property
    def name(self) -> str | None:
        """The display name; can be set."""
        return super().name

    @name.setter
    def name(self, value: str) -> None:
        self._set_name(_text("name", value))

    @property
    def notes(self) -> str | None:
        """Free text about the run; can be set."""
        return super().notes

    @notes.setter
    def notes(self, value: str) -> None:
        self._set_notes(_text("notes", value))

    @property
    def tags(self) -> tuple[str, ...]:
        """Short labels; can be set from any sequence of str of 1 to 64 characters."""
        return super().tags

    @tags.setter
    def tags(self, value) -> None:
        _messages.refuse_finished(self, "tags")
        tags = checked_tags(value)
        if all(isinstance(tag, str) for tag in tags):
            self._set_tags(tags)
        else:
            warn(
                f"Invalid tag detected: tags are texts of 1 to 64 characters, not {tags!r}. Tags not updated."
            )

    @property
    def step(self) -> int:
        """The step that the next plain log() will use. UsageError once finished; 0 in a disabled run."""
        if self.disabled:
            return 0
        if self._finished:
            raise UsageError(f"Run ({self.id}) is finished: it has no next step. Read it before finish()")
        step = self._step
        if step < 0:
            raise UsageError(
                "Cannot read the step in shared mode: the server numbers the rows of all writers"
            )
        return step

    @property
    def url(self) -> str | None:
        """The run's page; None, with a warning, for an offline run."""
        return self._online_only(self._url)

    @property
    def project_url(self) -> str | None:
        """The project's page; None, with a warning, for an offline run."""
        return self._online_only(self._project_url)

    @property
    def sweep_url(self) -> str | None:
        """The sweep's page; None without a sweep, and, with a warning, for an offline run."""
        return self._online_only(self._sweep_url)

    def _online_only(self, url: str | None) -> str | None:
        if self.offline and not self.disabled:
            print("runstone: WARNING URL not available in offline run", file=sys.stderr)
        return url

    # --- writing ----------------------------------------------------------------------------------
    def define_metric(
        self,
        name: str,
        step_metric: str | Metric | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> Metric:
        """Says how a metric is summarised and shown.

        Args:
            name: the metric's key; nested values by dots (``nest.a``), a literal dot as ``\\.``. A ``*``
                at the end (``val/*``) makes it hold for every key of that prefix.
            step_metric: the metric that is its x axis.
            step_sync: adds the last value of step_metric to rows that lack it; True by default if
                step_metric is given.
            hidden: not shown in the pages.
            summary: comma-separated ``min max mean last first best copy none``.
            goal: ``minimize`` or ``maximize``, for ``best``.
            overwrite: forget what was defined before instead of adding to it.

        Returns:
            The Metric as it is defined now.

        Raises:
            Error: an empty name, a ``*`` elsewhere than at the end, an unknown operation or goal, an
                argument of the wrong type. UsageError: the run is finished.
        """
        _messages.refuse_finished(self, "define_metric")
        if self.disabled:
            return Metric(self._define_metric("dummy", {}))
        if isinstance(step_metric, Metric):
            step_metric = step_metric.name
        if name is None or name == "":
            raise Error("define_metric() requires non-empty name")
        texts = {"name": name, "step_metric": step_metric, "summary": summary, "goal": goal}
        flags = {"step_sync": step_sync, "hidden": hidden, "overwrite": overwrite}
        for kind, arguments in ((str, texts), (bool, flags)):
            for argument, value in arguments.items():
                if value is not None and not isinstance(value, kind):
                    raise Error(
                        f"define_metric({argument}=): type: {type(value).__name__}, not {kind.__name__}"
                    )
        options = {key: value for key, value in {**texts, **flags}.items() if value is not None}
        del options["name"]
        metric = Metric(self._define_metric(_text("name", name), options))
        _warn_of_deprecated_rules(summary, goal)
        return metric

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Ends the run: writes what is open, delivers the rest within the setting finish_timeout, and
        says what was not delivered and how to sync it. A second call does nothing.

        Args:
            exit_code: 0 (the default) is finished, all else failed.
            quiet: deprecated; accepted without effect.

        Raises:
            TimeoutError: not everything was delivered, and the setting finish_timeout_raises is on.
        """
        if quiet is not None:
            _warn_quiet_once()
        if self._finished:
            return
        if not self.disabled:
            self._config._send_nested_changes()
        for undo in self._on_finish:
            undo()
        report = self._finish(exit_code)
        if not report["delivered"] and self._settings().get("finish_timeout_raises"):
            raise TimeoutError(report["message"])

    def write_logs(self, text: str) -> None:
        """Adds lines to the console log. Ignored once finished.

        Args:
            text: one line or several, without colours or with them.
        """
        if not self.disabled:
            self._write_logs(_text("text", text))

    save = _saving.save
    restore = _restoring.restore
    log_artifact = _run_artifacts.log_artifact
    upsert_artifact = _run_artifacts.upsert_artifact
    finish_artifact = _run_artifacts.finish_artifact
    use_artifact = _run_artifacts.use_artifact
    link_artifact = _run_artifacts.link_artifact
    log_model = _run_artifacts.log_model
    use_model = _run_artifacts.use_model
    link_model = _run_artifacts.link_model
    log_code = _run_artifacts.log_code
    watch = _watch.watch
    unwatch = _watch.unwatch
    alert = _messages.alert
    mark_preempting = _messages.mark_preempting
    status = _messages.status
    pin_config_keys = _messages.pin_config_keys
    display = _notebook.display
    to_html = _notebook.to_html
    _repr_mimebundle_ = _notebook.mime_bundle

    # --- the object ---------------------------------------------------------------------------------
    def __enter__(self) -> Run:
        return self

    def __exit__(self, exception_type, exception, traceback) -> None:
        if exception_type is not None:
            import traceback as printer

            # Here, where it still gets into the run's console log, also if somebody catches it outside.
            printer.print_exception(exception_type, exception, traceback)
        self.finish(0 if exception_type is None else 1)

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and not isinstance(getattr(type(self), name, None), property):
            raise AttributeError(f"Attribute {name} is not supported on Run object.")
        super().__setattr__(name, value)

    def __deepcopy__(self, memo: dict) -> Run:
        return self

    def __copy__(self) -> Run:
        return self

    def __reduce__(self):
        """A run goes to a process that multiprocessing starts, and logs from there into the same run."""
        if self._finished:
            raise UsageError(f"Run ({self.id}) is finished: no other process can log into it any more")
        return _process.attach, (self._child_token(), os.getpid())

    def __repr__(self) -> str:
        return f"<runstone.Run {self.path}>"


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    value.encode()  # lone surrogates are no text: UnicodeEncodeError says where they are
    return value


def checked_tags(value) -> tuple:
    """Tags as a tuple; what is in it is checked by the core."""
    try:
        return tuple(value)
    except TypeError:
        raise TypeError(f"tags must be a sequence of str, not {type(value).__name__}") from None


def _warn_of_deprecated_rules(summary: str | None, goal: str | None) -> None:
    ops = (summary or "").lower().split(",")
    if "copy" in ops:
        warn("define_metric(summary='copy') is deprecated: the last value is what a summary holds anyway")
    if "best" in ops or goal is not None:
        warn("define_metric(summary='best', goal=) is deprecated: say summary='min' or summary='max'")


_QUIET_WARNED = False


def _warn_quiet_once() -> None:
    global _QUIET_WARNED
    if not _QUIET_WARNED:
        _QUIET_WARNED = True
        print("runstone: WARNING finish(quiet=) is deprecated and has no effect", file=sys.stderr)
