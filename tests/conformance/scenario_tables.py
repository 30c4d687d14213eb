"""The tables and charts that a scenario describes, through any Python client. scenario_tables.cc is the same
in C++."""

from __future__ import annotations

import datetime

import numpy as np
from scenario_media import MEDIA


class Values:
    """Makes the values of one run; keeps its tables that are logged again after more rows."""

    def __init__(self, client) -> None:
        self._client = client
        self._tables: dict = {}

    def of(self, spec):
        """A value of the scenario as this language has it."""
        if isinstance(spec, dict):
            if "$media" in spec:
                return self.media(spec)
            if "$time" in spec:
                return datetime.datetime.fromisoformat(spec["$time"])
            if "$array" in spec:
                return np.array(spec["$array"], float)
            return {key: self.of(item) for key, item in spec.items()}
        if isinstance(spec, list):
            return [self.of(item) for item in spec]
        return spec

    def media(self, spec: dict):
        kind = spec["$media"]
        if kind == "table":
            return self.table(spec)
        if kind == "chart":
            return CHARTS[spec["chart"]](self._client, self, spec)
        if kind == "classes":
            return self._client.Classes(spec["classes"])
        if kind == "joined table":
            return self._client.JoinedTable(self.of(spec["first"]), self.of(spec["second"]), spec["key"])
        return MEDIA[kind](self._client, spec)

    def table(self, spec: dict):
        """A new one, or with `again` one that an earlier value of the run called `keep`."""
        if "again" in spec:
            table = self._tables[spec["again"]]
        else:
            options = {
                name: spec[name] for name in ("log_mode", "allow_mixed_types", "optional") if name in spec
            }
            table = self._client.Table(columns=spec["columns"], **options)
        for row in spec.get("data", []):
            table.add_data(*self.of(row))
        for name, cells in spec.get("more columns", {}).items():
            table.add_column(name, self.of(cells))
        if "keep" in spec:
            self._tables[spec["keep"]] = table
        return table


def options_of(spec: dict, *names: str) -> dict:
    return {name: spec[name] for name in (*names, "title", "split_table") if name in spec}


def over_columns(preset: str, *columns: str):
    """A preset that is told which columns of a given table it draws."""

    def make(client, values: Values, spec: dict):
        named = {column: spec[column] for column in columns}
        draw = getattr(client.plot, preset)
        return draw(values.of(spec["table"]), **named, **options_of(spec, "stroke"))

    return make


def line_series(client, values: Values, spec: dict):
    return client.plot.line_series(spec["xs"], spec["ys"], **options_of(spec, "keys", "xname"))


def curve(preset: str):
    def make(client, values: Values, spec: dict):
        draw = getattr(client.plot, preset)
        options = options_of(spec, "labels", "classes_to_plot", "interp_size")
        return draw(spec["y_true"], np.array(spec["y_probas"]), **options)

    return make


def confusion_matrix(client, values: Values, spec: dict):
    said = {"probs": np.array(spec["probs"])} if "probs" in spec else {"preds": spec["preds"]}
    return client.plot.confusion_matrix(y_true=spec["y_true"], **said, **options_of(spec, "class_names"))


def plot_table(client, values: Values, spec: dict):
    return client.plot_table(
        spec["spec"],
        values.of(spec["table"]),
        spec["fields"],
        spec.get("strings"),
        **options_of(spec),
    )


CHARTS = {
    "line": over_columns("line", "x", "y"),
    "scatter": over_columns("scatter", "x", "y"),
    "bar": over_columns("bar", "label", "value"),
    "histogram": over_columns("histogram", "value"),
    "line_series": line_series,
    "pr_curve": curve("pr_curve"),
    "roc_curve": curve("roc_curve"),
    "confusion_matrix": confusion_matrix,
    "plot_table": plot_table,
    "visualize": lambda client, values, spec: client.visualize(spec["spec"], values.of(spec["table"])),
}
