"""The setting capture_loggers: records of Python's logging as lines of the run's console."""

from __future__ import annotations


def check(loggers: object) -> None:
    """Raises ValueError unless it is None or maps names of loggers to levels that logging knows."""
    if loggers is None:
        return
    import logging

    if not isinstance(loggers, dict) or not all(isinstance(name, str) for name in loggers):
        raise ValueError(f"capture_loggers maps names of loggers to levels, unlike {loggers!r}")
    for name, level in loggers.items():
        try:
            logging.Handler(level)
        except (TypeError, ValueError) as error:
            raise ValueError(f"capture_loggers: the level of {name!r}: {error}") from None


def start(run) -> None:
    """Puts a handler on each logger that the run's setting names ("root" is the root), for records from
    its level on; they are taken off when the run finishes."""
    loggers = run._settings().get("capture_loggers")
    if not loggers:
        return
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                run._write_logger_line(self.format(record).encode("utf-8", "replace").decode())
            except Exception:  # logging's own way for a handler that fails
                self.handleError(record)

    handlers = []
    for name, level in loggers.items():
        handler = Handler(level)
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
        logger = logging.getLogger(None if name == "root" else name)
        logger.addHandler(handler)
        handlers.append((logger, handler))

    def stop() -> None:
        for logger, handler in handlers:
            logger.removeHandler(handler)

    run._on_finish.append(stop)
