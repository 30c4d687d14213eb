"""Charts over tables: lines, scatters, bars, histograms, and what says how good a classifier is.

    table = runstone.Table(columns=["x", "y"], data=[[1, 2], [3, 4]])
    run.log({"curve": runstone.plot.line(table, "x", "y", title="T")})

Each function gives a CustomChart. Logged under K, its table is the row's value ``K_table`` and its definition
is in the run's config.
"""

from ._charts import CustomChart, bar, histogram, line, line_series, plot_table, scatter, visualize
from ._classifier import confusion_matrix, pr_curve, roc_curve

__all__ = [
    "CustomChart",
    "bar",
    "confusion_matrix",
    "histogram",
    "line",
    "line_series",
    "plot_table",
    "pr_curve",
    "roc_curve",
    "scatter",
    "visualize",
]
