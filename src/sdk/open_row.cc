#include "sdk/open_row.h"

#include "base/json.h"

namespace runstone {

void OpenRow::clear() {
  leaves_.clear();
  texts_.clear();
  ++serial_;
  has_data_ = has_user_timestamp_ = false;
}

void OpenRow::merge(const Field& field) {
  if (field.key.empty()) return;
  LoggedKey& key = keys_.find(field.key, field.is_path);
  if (field.value.kind() == ValueRef::Kind::kValue) return merge_tree(key, field.value.value());
  merge_leaf(key, field.value);
}

// A dict's leaves one by one; a dict with a `_type` is one value of a media kind.
void OpenRow::merge_tree(LoggedKey& key, const Value& value) {
  if (const Dict* dict = value.if_dict()) {
    const Value* type = dict->find("_type");
    if (type == nullptr || !type->is_string()) {
      for (const auto& [label, child] : *dict) {
        const std::string below = key.slot->name + "." + escape_label(label);
        merge_tree(keys_.of_path(below), child);
      }
      return;
    }
  }
  switch (value.kind()) {
    case Value::Kind::kNull:
      return merge_leaf(key, nullptr);
    case Value::Kind::kBool:
      return merge_leaf(key, *value.if_bool());
    case Value::Kind::kInt:
      return merge_leaf(key, *value.if_int());
    case Value::Kind::kDouble:
      return merge_leaf(key, *value.if_double());
    case Value::Kind::kString:
      return merge_leaf(key, std::string_view(*value.if_string()));
    default:
      return merge_leaf(key, ValueRef::json(json::to_text(value)));
  }
}

void OpenRow::merge_leaf(LoggedKey& key, ValueRef value) {
  if (key.automatic != LoggedKey::Automatic::kNo) {
    // A user's time stamp counts, a user's step and runtime do not.
    if (key.automatic != LoggedKey::Automatic::kTimestamp) return;
    has_user_timestamp_ = true;
  }
  if (key.row_serial != serial_) {
    if (key.slot->parent != nullptr || !key.slot->children.empty()) drop_conflicts(key);
    key.row_serial = serial_;
    key.row_index = static_cast<std::uint32_t>(leaves_.size());
    leaves_.emplace_back().key = &key;
  }
  Leaf& leaf = leaves_[key.row_index];
  leaf.kind = value.kind();
  if (value.kind() == ValueRef::Kind::kDouble) {
    leaf.number = value.as_double();
  } else if (value.kind() == ValueRef::Kind::kInt) {
    leaf.integer = value.as_int();
  } else if (value.kind() == ValueRef::Kind::kBool) {
    leaf.integer = value.as_int();
  } else if (value.kind() != ValueRef::Kind::kNull) {
    // A row of 4 GiB of text is refused by the journal long before these could overflow.
    leaf.text_at.offset = static_cast<std::uint32_t>(texts_.size());
    leaf.text_at.size = static_cast<std::uint32_t>(value.text().size());
    texts_.append(value.text());
  }
}

// {"a": 1} and {"a": {"b": 2}} cannot both be in one row: the later one counts.
void OpenRow::drop_conflicts(const LoggedKey& key) {
  for (const SummarySlot* above = key.slot->parent; above != nullptr; above = above->parent) {
    drop(*above);
  }
  drop_below(*key.slot);
}

void OpenRow::drop_below(const SummarySlot& slot) {
  for (const SummarySlot* child : slot.children) {
    drop(*child);
    drop_below(*child);
  }
}

void OpenRow::drop(const SummarySlot& slot) {
  LoggedKey* key = keys_.known(slot);
  if (key == nullptr || key->row_serial != serial_) return;
  key->row_serial = 0;
  leaves_[key->row_index].key = nullptr;
}

}  // namespace runstone
