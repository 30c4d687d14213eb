#include "store/sweep_store.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "base/try.h"
#include "store/memory/look_up.h"
#include "store/memory/subjects.h"

namespace runstone::store::memory {
namespace {

// What belongs to one sweep. Names of its project and entity are not known here: `sweep` keeps
// those that it was made with.
struct SweepRows {
  Sweep sweep;
  std::vector<SweepAgent> agents;
  std::vector<SweepRun> runs;
};

template <typename T>
void replace_if_set(T& field, const std::optional<T>& value) {
  if (value) field = *value;
}

void apply(Sweep& sweep, const SweepUpdate& update) {
  replace_if_set(sweep.display_name, update.display_name);
  replace_if_set(sweep.description, update.description);
  replace_if_set(sweep.method, update.method);
  replace_if_set(sweep.config_yaml, update.config_yaml);
  replace_if_set(sweep.controller_json, update.controller_json);
  replace_if_set(sweep.scheduler_json, update.scheduler_json);
  replace_if_set(sweep.state, update.state);
  replace_if_set(sweep.runs_expected, update.runs_expected);
  replace_if_set(sweep.best_loss, update.best_loss);
  replace_if_set(sweep.suggestions, update.suggestions);
  replace_if_set(sweep.updated_at_us, update.updated_at_us);
  replace_if_set(sweep.heartbeat_at_us, update.heartbeat_at_us);
}

class MemorySweepStore final : public SweepStore {
 public:
  Result<Sweep> create_sweep(const Sweep& sweep) override {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, rows] : sweeps_) {
      if (rows.sweep.project == sweep.project && rows.sweep.name == sweep.name) {
        return taken("sweep", sweep.name);
      }
    }
    const SweepId id{next_id_++};
    Sweep& made = sweeps_[id].sweep;
    made = sweep;
    made.id = id;
    return made;
  }
  Result<Sweep> get_sweep(SweepId id) const override {
    const std::scoped_lock lock(mutex_);
    const auto found = sweeps_.find(id);
    if (found == sweeps_.end()) return missing("sweep");
    return found->second.sweep;
  }
  Result<Sweep> find_sweep(ProjectId project, std::string_view name) const override {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, rows] : sweeps_) {
      if (rows.sweep.project == project && rows.sweep.name == name) return rows.sweep;
    }
    return missing("sweep");
  }
  Result<std::vector<Sweep>> list_sweeps(ProjectId project, SweepId before,
                                         std::int64_t limit) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<Sweep> found;
    for (auto rows = sweeps_.rbegin(); rows != sweeps_.rend(); ++rows) {
      if (rows->second.sweep.project != project) continue;
      if (before != SweepId{} && rows->first >= before) continue;
      if (limit >= 0 && found.size() == static_cast<std::size_t>(limit)) break;
      found.push_back(rows->second.sweep);
    }
    return found;
  }
  Result<std::int64_t> count_sweeps(ProjectId project) const override {
    const std::scoped_lock lock(mutex_);
    return std::count_if(sweeps_.begin(), sweeps_.end(),
                         [&](const auto& item) { return item.second.sweep.project == project; });
  }
  Result<void> update_sweep(const SweepUpdate& update) override {
    const std::scoped_lock lock(mutex_);
    const auto found = sweeps_.find(update.sweep);
    if (found == sweeps_.end()) return missing("sweep");
    apply(found->second.sweep, update);
    return {};
  }
  Result<void> delete_sweep(SweepId id) override {
    const std::scoped_lock lock(mutex_);
    if (sweeps_.erase(id) == 0) return missing("sweep");
    return {};
  }

  Result<SweepAgent> create_agent(const SweepAgent& agent) override {
    const std::scoped_lock lock(mutex_);
    const auto found = sweeps_.find(agent.sweep);
    if (found == sweeps_.end()) return missing("sweep");
    for (const auto& other : found->second.agents) {
      if (other.name == agent.name) return taken("agent", agent.name);
    }
    SweepAgent made = agent;
    made.id = SweepAgentId{next_id_++};
    made.run_count = 0;
    found->second.agents.push_back(made);
    return made;
  }
  Result<SweepAgent> get_agent(SweepAgentId id) const override {
    const std::scoped_lock lock(mutex_);
    for (const auto& [sweep, rows] : sweeps_) {
      for (const auto& agent : rows.agents) {
        if (agent.id == id) return counted(rows, agent);
      }
    }
    return missing("agent");
  }
  Result<SweepAgent> find_agent(SweepId sweep, std::string_view name) const override {
    const std::scoped_lock lock(mutex_);
    if (const auto found = sweeps_.find(sweep); found != sweeps_.end()) {
      for (const auto& agent : found->second.agents) {
        if (agent.name == name) return counted(found->second, agent);
      }
    }
    return missing("agent");
  }
  Result<std::vector<SweepAgent>> list_agents(SweepId sweep) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<SweepAgent> all;
    if (const auto found = sweeps_.find(sweep); found != sweeps_.end()) {
      for (const auto& agent : found->second.agents) all.push_back(counted(found->second, agent));
    }
    return all;
  }
  Result<void> record_heartbeat(SweepAgentId agent, const SweepUpdate& update,
                                const std::vector<SweepRun>& put_runs) override {
    const std::scoped_lock lock(mutex_);
    const auto found = sweeps_.find(update.sweep);
    if (found == sweeps_.end()) return missing("sweep");
    SweepRows& rows = found->second;
    const auto own = std::find_if(rows.agents.begin(), rows.agents.end(),
                                  [&](const auto& other) { return other.id == agent; });
    if (own == rows.agents.end()) return missing("agent");
    apply(rows.sweep, update);
    replace_if_set(own->heartbeat_at_us, update.heartbeat_at_us);
    for (const auto& run : put_runs) {
      const auto known = std::find_if(rows.runs.begin(), rows.runs.end(),
                                      [&](const auto& other) { return other.run == run.run; });
      if (known == rows.runs.end()) {
        rows.runs.push_back(run);
      } else {
        const auto created_at_us = known->created_at_us;
        *known = run;
        known->created_at_us = created_at_us;
      }
    }
    return {};
  }
  Result<std::vector<SweepRun>> list_given_runs(SweepId sweep) const override {
    const std::scoped_lock lock(mutex_);
    const auto found = sweeps_.find(sweep);
    if (found == sweeps_.end()) return std::vector<SweepRun>();
    return found->second.runs;
  }

 private:
  static SweepAgent counted(const SweepRows& rows, SweepAgent agent) {
    agent.run_count = std::count_if(rows.runs.begin(), rows.runs.end(),
                                    [&](const auto& run) { return run.agent == agent.id; });
    return agent;
  }

  mutable std::mutex mutex_;
  std::int64_t next_id_ = 1;
  std::map<SweepId, SweepRows> sweeps_;
};

}  // namespace

std::unique_ptr<SweepStore> make_sweep_store() { return std::make_unique<MemorySweepStore>(); }

}  // namespace runstone::store::memory
