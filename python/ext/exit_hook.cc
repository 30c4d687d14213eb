#include "exit_hook.h"

#include <atomic>
#include <cstdlib>
#include <utility>
#include <vector>

namespace runstone::python {
namespace {

std::vector<Run>& runs_left() {
  static auto* runs = new std::vector<Run>;  // lives past every static destructor
  return *runs;
}

std::atomic<bool> interpreter_over{false};

void finish_runs(int status, void*) {
  for (auto& run : runs_left()) run.finish(status & 0xff);  // what a shell would see
  runs_left().clear();
}

}  // namespace

bool interpreter_is_over() { return interpreter_over.load(); }

void finish_at_exit(Run run) {
  interpreter_over.store(true);
  // Registered this late, the handler runs before those of the libraries that delivery still needs.
  if (runs_left().empty()) on_exit(finish_runs, nullptr);
  runs_left().push_back(std::move(run));
}

}  // namespace runstone::python
