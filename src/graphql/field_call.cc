#include "graphql/ast.h"
#include "graphql/engine.h"

namespace runstone::graphql {
namespace {

// True if `path` is asked for in these selections. Type conditions and @skip are not looked at:
// fetching a little too much is only slower.
bool asks(const std::vector<Selection>& selections, std::string_view path,
          const ExecutableDocument& document) {
  const auto dot = path.find('.');
  const auto name = path.substr(0, dot);
  for (const auto& selection : selections) {
    if (selection.kind == Selection::Kind::kField) {
      if (selection.name != name) continue;
      if (dot == std::string_view::npos) return true;
      if (asks(selection.selections, path.substr(dot + 1), document)) return true;
    } else if (selection.kind == Selection::Kind::kInline) {
      if (asks(selection.selections, path, document)) return true;
    } else if (const auto* fragment = document.fragment(selection.name)) {
      if (asks(fragment->selections, path, document)) return true;
    }
  }
  return false;
}

}  // namespace

const Value* FieldCall::argument(std::string_view name) const {
  const auto* value = arguments_.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string_view FieldCall::text(std::string_view name, std::string_view fallback) const {
  const auto* value = argument(name);
  return value == nullptr ? fallback : value->string_or(fallback);
}

std::int64_t FieldCall::integer(std::string_view name, std::int64_t fallback) const {
  const auto* value = argument(name);
  return value == nullptr ? fallback : value->int_or(fallback);
}

bool FieldCall::flag(std::string_view name, bool fallback) const {
  const auto* value = argument(name);
  return value == nullptr ? fallback : value->bool_or(fallback);
}

bool FieldCall::selects(std::string_view path) const {
  for (const auto* selection : fields_) {
    if (asks(selection->selections, path, document_)) return true;
  }
  return false;
}

}  // namespace runstone::graphql
