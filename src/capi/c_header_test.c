/* The header as a C compiler reads it; capi_test.cc calls what is here. */
#include "runstone.h"

#include <assert.h>

static_assert(sizeof(runstone_field) == 40, "the layout of a field is for ever");
static_assert(offsetof(runstone_field, as) == 24, "the layout of a field is for ever");
static_assert(sizeof(runstone_report) == 72, "the layout of a report is for ever");

int runstone_test_log_from_c(runstone_run* run) {
  runstone_field row[] = {runstone_number("loss", 0.5),
                          runstone_int("epoch", 3),
                          runstone_bool("ok", 1),
                          runstone_text("text", "w\xc3\xb6rter"),
                          runstone_json("val", "{\"a\":1}"),
                          runstone_null("nothing")};
  return runstone_log(run, row, sizeof row / sizeof row[0]);
}
