#include "ingest/run_slot.h"

#include <algorithm>

namespace runstone::ingest {

void RunSlot::count(const HistoryFacts& facts, int sign, std::vector<std::string>* new_names) {
  for (const auto& delta : facts.keys) {
    const auto [place, is_new] = keys.try_emplace(delta.name);
    store::KeyInfo& key = place->second;
    if (is_new) {
      key.name = delta.name;
      has_new_keys = true;
      if (new_names != nullptr) new_names->push_back(delta.name);
    }
    key.numbers += sign * delta.numbers;
    key.strings += sign * delta.strings;
    key.bools += sign * delta.bools;
    key.media += sign * delta.media;
    key.others += sign * delta.others;
    if (sign > 0) key.last_step = std::max(key.last_step, delta.last_step);
    dirty_keys.insert(delta.name);
  }
}

void set_lines(store::RunUpdate& update, store::Stream stream, std::int64_t lines) {
  switch (stream) {
    case store::Stream::kHistory:
      update.history_lines = lines;
      break;
    case store::Stream::kEvents:
      update.event_lines = lines;
      break;
    case store::Stream::kConsole:
      update.console_lines = lines;
      break;
  }
}

}  // namespace runstone::ingest
