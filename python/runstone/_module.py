"""init(), the global run, and the functions of the module that mirror its members."""

from __future__ import annotations

import os
import sys
import weakref

from . import _core, _loggers, _notebook, _notebook_code, _process, _restoring
from ._config import checked_keys, read_config
from ._run import Run, checked_tags
from ._settings import Settings, stop_fn_of, store_of
from ._terminal import note, warn
from .errors import Error

_UNSET = object()
_REINIT = ("default", "return_previous", "finish_previous", "create_new")

_bool_warned = False
_global_run: Run | None = None
_runs: list[weakref.ref] = []  # every run not known to be finished, oldest first
_strong: set[Run] = set()  # a run lives until it is finished, also when nobody holds it
_setup_settings: Settings | dict | None = None
_environment: _core.SettingsStore | None = None


def current_run() -> Run | None:
    """The global run, or None before init() and after its finish()."""
    global _global_run
    if _global_run is not None and _global_run._finished:
        _global_run = None
    return _global_run


def live_runs() -> list[Run]:
    """Runs that are not finished, oldest first."""
    _runs[:] = [ref for ref in _runs if (run := ref()) is not None and not run._finished]
    _strong.intersection_update([ref() for ref in _runs])
    return [ref() for ref in _runs]


def setup(settings: Settings | dict | None = None) -> None:
    """Settings for every later init() of this process; stronger than the environment.

    Args:
        settings: Settings or a dict of them; None forgets those given before.

    Raises:
        ValueError: an unknown name, or a value of the wrong type.
    """
    global _setup_settings
    store_of(settings)  # a wrong one raises here, not at the next init()
    _setup_settings = settings.copy() if isinstance(settings, (Settings, dict)) else None


def teardown(exit_code: int | None = None) -> None:
    """Finishes every run of this process, and forgets setup()'s settings and what the environment said: the
    next init() reads it anew.

    Args:
        exit_code: as Run.finish() takes it.
    """
    global _environment, _setup_settings
    for run in live_runs():
        run.finish(exit_code)
    _setup_settings = _environment = None
    _core.forget_environment()


def setup_settings() -> _core.SettingsStore:
    """What setup() was given."""
    return store_of(_setup_settings)


def init(
    entity: str | None = None,
    project: str | None = None,
    dir: str | os.PathLike | None = None,
    id: str | None = None,
    name: str | None = None,
    notes: str | None = None,
    tags=None,
    config=None,
    config_exclude_keys: list[str] | None = None,
    config_include_keys: list[str] | None = None,
    allow_val_change: bool | None = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    force: bool | None = None,
    reinit: bool | str | None = None,
    resume: bool | str | None = None,
    resume_from: str | None = None,
    fork_from: str | None = None,
    save_code: bool | None = None,
    tensorboard: bool | None = None,
    sync_tensorboard: bool | None = None,
    monitor_gym: bool | None = None,
    settings: Settings | dict | None = None,
    anonymous: object = _UNSET,
) -> Run:
    """Starts a run and makes it the global one.

    Args:
        entity, project: where it belongs; by default the server's user and "uncategorized".
        dir: the run's files go to ``<dir>/runstone/``; the working directory by default.
        id: the run's id, unique in its project; 8 random characters by default.
        name, notes, tags, group, job_type: how people find it.
        config: what goes into the run: a dict, a Namespace, absl FLAGS, an object's attributes, or the
            path of a YAML file.
        allow_val_change: config values may change without further permission.
        mode: ``online``, ``offline``, ``disabled``, or ``shared``: one of several processes that write to
            the run of one ``id``. The server numbers their rows; settings ``x_label`` (their names),
            ``x_primary`` and ``x_update_finish_state`` (False on all but one).
        resume: go on with the stored run of this ``id``: ``allow`` if there is one, ``must`` (UsageError
            if not), ``never`` (UsageError if there is one), ``auto`` or True (as allow, with the id that an
            earlier process left in ``runstone/wandb-resume.json`` when it did not end well).
            False: none, whatever the environment says.
        resume_from: ``"<run id>?_step=<number>"``: that run itself, without its rows behind the step.
        fork_from: the same form: a new run that begins with that run's rows up to the step.
        reinit: with an active run: ``return_previous`` (default) gives it back, ``finish_previous``
            finishes all first, ``create_new`` makes one beside them.
        sync_tensorboard, monitor_gym: log what the program writes for TensorBoard; the films that
            Gymnasium's ``RecordVideo`` makes.
        settings: further Settings, or a dict of them. Arguments win over settings, settings over the
            environment (RUNSTONE_X, else WANDB_X).

    Returns:
        The Run; with ``return_previous`` and an active run, that one.

    Raises:
        ValueError, TypeError: an argument of the wrong form. UsageError: a project name or run id that
        cannot be used, no API key for a server that was named. AuthenticationError: the server refused
        the key. CommError: with resume, resume_from or fork_from, no answer within the setting
        ``init_timeout``, or no such run. ConfigError: a config file that is missing or bad. A server that does not answer is no error otherwise: the run starts, and delivery goes on trying.
    """
    global _global_run
    if anonymous is not _UNSET:
        print("runstone: WARNING init(anonymous=) is deprecated and has no effect", file=sys.stderr)
    settings_store = store_of(settings)
    if resume is False:  # stronger than the environment, which an argument left out is not
        settings_store.set("resume", False)
    _loggers.check(settings_store.values().get("capture_loggers"))
    policy = _reinit_policy(reinit, settings_store)
    active = live_runs()
    if active and policy == "return_previous":
        if (_setting("resume", settings_store) if resume is None else resume) == "must":
            raise Error(
                "Cannot resume a run while another run is active: finish it first, or say reinit='create_new'"
            )
        note(
            f"init() gives back the active run {active[-1].id}: its arguments count for nothing. "
            "For another run: reinit='create_new' or 'finish_previous'"
        )
        return active[-1]
    if policy == "finish_previous":
        for run in active:
            run.finish()
    options = {
        "entity": entity,
        "project": project,
        "dir": _folder(dir),
        "id": id,
        "name": name,
        "notes": notes,
        "tags": None if tags is None else checked_tags(tags),
        **_config_options(config),
        "config_exclude_keys": config_exclude_keys,
        "config_include_keys": config_include_keys,
        "allow_val_change": True if allow_val_change is None and _notebook.in_jupyter() else allow_val_change,
        "group": group,
        "job_type": job_type,
        "mode": mode,
        "force": _flag("force", force),
        "save_code": _flag("save_code", save_code),
        "sync_tensorboard": _flag(
            "sync_tensorboard", tensorboard if sync_tensorboard is None else sync_tensorboard
        ),
        "monitor_gym": _flag("monitor_gym", monitor_gym),
        "resume": {True: "auto", False: None}.get(resume, resume) if isinstance(resume, bool) else resume,
        "resume_from": resume_from,
        "fork_from": fork_from,
    }
    stop_fn = stop_fn_of(settings, _setup_settings)
    facts = {**_program_facts(), "stop_key": _process.expect_stop(stop_fn)}
    run = Run(options, settings_store, store_of(_setup_settings), facts, stop_fn)
    adopt(run)
    if not run.disabled and run._settings().get("sync_tensorboard"):
        from . import tensorboard as event_files

        event_files.follow(run)
        run._on_finish.append(event_files.flush)
    if not run.disabled and run._settings().get("monitor_gym"):
        from . import gym as films

        films.follow(run)
    if policy != "create_new":
        _global_run = run
    return run


def adopt(run: Run) -> None:
    """From now on the run lives until it is finished, at the latest when the process ends."""
    _runs.append(weakref.ref(run))
    _strong.add(run)
    _process.install(live_runs)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Finishes the global run; does nothing without one.

    Args:
        exit_code: 0 (the default) is finished, all else failed.
        quiet: deprecated; accepted without effect.
    """
    run = current_run()
    if run is not None:
        run.finish(exit_code, quiet)


def _reinit_policy(reinit: bool | str | None, settings: _core.SettingsStore) -> str:
    if reinit is None:
        reinit = _setting("reinit", settings) or "default"
    if isinstance(reinit, bool):
        _warn_of_bool_once()
        reinit = "finish_previous" if reinit else "return_previous"
    if reinit not in _REINIT:
        raise ValueError(f"reinit must be a bool or one of {', '.join(_REINIT)}, not {reinit!r}")
    if reinit != "default":
        return reinit
    # A cell that is run again means to start anew.
    return "finish_previous" if _notebook.in_jupyter() else "return_previous"


def _setting(name: str, settings: _core.SettingsStore) -> object:
    """What is set of a setting, the strongest first; None if nobody sets it. Without the settings files:
    whose place depends on what init() decides."""
    global _environment
    if _environment is None:  # read once, as the core does
        _environment = _core.environment_settings()
    for source in (settings, setup_settings(), _environment):
        if name in source.values():
            return source.values()[name]
    return None


def _flag(name: str, value: object) -> bool | None:
    """A bool, or what a setting takes for one ("true", 0); as everywhere, another value is a ValueError."""
    if value is None or isinstance(value, bool):
        return value
    if type(value).__module__ == "numpy":
        value = value.item() if getattr(value, "size", 0) == 1 else value
    checked = _core.SettingsStore()
    try:
        checked.set(name, value)
        return checked.get(name)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a bool, not {value!r}") from None


def _folder(dir: str | bytes | os.PathLike | None) -> str | None:
    if dir is None:
        return None
    if not isinstance(dir, (str, bytes, os.PathLike)):
        raise ValueError(f"dir must be a str or a Path, not {type(dir).__name__}")
    return os.fsdecode(dir)


def _warn_of_bool_once() -> None:
    global _bool_warned
    if not _bool_warned:
        _bool_warned = True
        warn("init(reinit=) with a bool is deprecated: say 'finish_previous' (True) or 'return_previous'")


def _config_options(config: object) -> dict:
    """The core reads files; what Python's objects hold is read here."""
    if isinstance(config, str) or hasattr(config, "__fspath__"):
        return {"config": {}, "config_file": os.fspath(config)}
    return {"config": checked_keys(read_config(config))}


def _program_facts() -> dict:
    version = ".".join(str(part) for part in sys.version_info[:3])
    arguments = list(getattr(sys, "argv", []))
    return {
        "language_version": f"CPython {version}",
        "python_version": version,
        "program": _program(arguments),
        "args": arguments[1:],
        "executable": sys.executable or "",
        "colab": _notebook_code.colab_page(),
        "path": [entry for entry in sys.path if entry],
    }


def _program(arguments: list[str]) -> str:
    """The file that runs: the script, or the notebook; "" if it is neither."""
    if _notebook.in_jupyter():
        return _notebook_code.notebook_file()
    return arguments[0] if arguments and arguments[0] not in ("", "-c", "-m") else ""


class PreInitObject:
    """What runstone.config and runstone.summary are while no run is active."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def _refuse(self, *_: object) -> None:
        raise Error(f"You must call runstone.init() before runstone.{self._name}")

    __getitem__ = __setitem__ = __delitem__ = __setattr__ = __delattr__ = _refuse
    __contains__ = __iter__ = __len__ = _refuse

    def __bool__(self) -> bool:
        return False

    def __getattr__(self, key: str) -> None:
        if key.startswith("__"):
            raise AttributeError(key)
        self._refuse()


def mirror(name: str):
    """A module function that calls the global run's member of that name."""

    def call(*arguments: object, **options: object) -> object:
        run = current_run()
        if run is None:
            if name == "restore":  # the one that can do without, if it is told whose file it is
                return _restoring.restore_without_run(*arguments, **options)
            raise Error(f"You must call runstone.init() before runstone.{name}()")
        return getattr(run, name)(*arguments, **options)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = getattr(Run, name).__doc__
    call.__wrapped__ = _Mirrored(getattr(Run, name))
    return call


class _Mirrored:
    """What inspect.signature() and help() find below a mirror: the member without its ``self``."""

    def __init__(self, member) -> None:
        self._member = member

    def __call__(self, *arguments: object, **options: object) -> object:
        return self._member(*arguments, **options)

    @property
    def __signature__(self):
        import inspect

        signature = inspect.signature(self._member)
        return signature.replace(parameters=list(signature.parameters.values())[1:])
