#include <runstone.h>

int main(void) {
  const runstone_field options[] = {runstone_text("project", "outside"),
                                    runstone_json("config", "{\"lr\": 0.1}")};
  runstone_run* run = NULL;
  if (runstone_init(options, 2, &run) != RUNSTONE_OK) return 1;
  for (int i = 0; i < 3; ++i) {
    const runstone_field row[] = {runstone_number("loss", 1.0 / (i + 1)), runstone_int("i", i)};
    if (runstone_log(run, row, 2) != RUNSTONE_OK) return 2;
  }
  runstone_report report;
  runstone_finish(run, 0, &report);
  runstone_run_free(run);
  return report.rows == 3 ? 0 : 3;
}
