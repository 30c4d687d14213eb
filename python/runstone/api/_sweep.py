"""A sweep on a server."""

from __future__ import annotations

from ._lists import Runs, _Facts


class Sweep(_Facts):
    """A search over configurations, and its runs.

    ``id name entity project url state method description best_loss run_count expected_run_count``;
    ``order`` is how its runs are ordered from the best to the worst, by its metric.
    """

    _FIELDS = (
        *("id", "name", "entity", "project", "url", "state", "method", "description", "best_loss"),
        *("run_count", "expected_run_count", "order"),
    )

    @property
    def config(self) -> dict:
        """Its configuration. Needs the package pyyaml."""
        import yaml

        return yaml.safe_load(self._core.config)

    @property
    def path(self) -> list[str]:
        """``[entity, project, id]``."""
        return [self.entity, self.project, self.id]

    @property
    def runs(self) -> Runs:
        """Its runs, the oldest first."""
        return Runs(lambda: self._core.runs({}, "+created_at", 50, True), "/".join(self.path))

    def best_run(self, order: str | None = None):
        """The best run.

        Args:
            order: as ``Api.runs`` takes it; by default by the sweep's metric, without one the newest is best.

        Returns:
            The api.Run; None if there is none.
        """
        from ._run import Run

        core = self._core.best_run(order or "")
        return None if core is None else Run(core)

    def __repr__(self) -> str:
        return f"<Sweep {'/'.join(self.path)} ({self.state})>"
