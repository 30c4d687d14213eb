"""Logs a run and prints the HTML that Run.display() shows in a notebook."""

import runstone

with runstone.init(project="notebooks", id="cell1", name="cell-1", tags=["baseline"]) as run:
    for step in range(100):
        run.log({"loss": 1 / (1 + step), "accuracy": 1 - 1 / (1 + step)})
    html = run.to_html(height=420)
print(html)
