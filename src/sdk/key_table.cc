#include "sdk/key_table.h"

namespace runstone {

LoggedKey& KeyTable::of_path(std::string_view leaf_path) {
  SummarySlot& slot = summary_.slot_of_name(leaf_path);
  const auto known = by_slot_.find(&slot);
  if (known != by_slot_.end()) return *known->second;
  LoggedKey& made = keys_.emplace_back(slot);
  if (slot.name == "_step") made.automatic = LoggedKey::Automatic::kStep;
  if (slot.name == "_runtime") made.automatic = LoggedKey::Automatic::kRuntime;
  if (slot.name == "_timestamp") made.automatic = LoggedKey::Automatic::kTimestamp;
  by_slot_.emplace(&slot, &made);
  return made;
}

LoggedKey& KeyTable::look_up(std::string_view text, bool is_path) {
  auto& known = is_path ? paths_ : labels_;
  const auto found = known.find(text);
  Spelling* spelling = found == known.end() ? nullptr : found->second;
  if (spelling == nullptr) {
    spelling = &spellings_.emplace_back();
    spelling->text = std::string(text);
    spelling->is_path = is_path;
    spelling->key = &of_path(is_path ? std::string(text) : escape_label(text));
    known.emplace(spelling->text, spelling);
  }
  (last_ == nullptr ? first_ : last_->next) = spelling;
  last_ = spelling;
  expected_ = spelling->next;
  return *spelling->key;
}

}  // namespace runstone
