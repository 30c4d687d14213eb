#include "graphql/ast.h"

#include "base/json.h"

namespace runstone::graphql {

std::string to_string(std::string_view name, std::string_view wraps) {
  std::string text(name);
  for (auto wrap = wraps.rbegin(); wrap != wraps.rend(); ++wrap) {
    if (*wrap == '!') {
      text += '!';
    } else {
      text.insert(0, 1, '[');
      text += ']';
    }
  }
  return text;
}

namespace {

void append(std::string& out, const Literal& literal) {
  switch (literal.kind) {
    case Literal::Kind::kVariable:
      out += '$';
      out += literal.text;
      return;
    case Literal::Kind::kString:
      json::append_string(out, literal.text);
      return;
    case Literal::Kind::kList: {
      out += '[';
      for (std::size_t i = 0; i < literal.items.size(); ++i) {
        if (i > 0) out += ", ";
        append(out, literal.items[i]);
      }
      out += ']';
      return;
    }
    case Literal::Kind::kObject: {
      out += '{';
      for (std::size_t i = 0; i < literal.members.size(); ++i) {
        if (i > 0) out += ", ";
        out += literal.members[i].name;
        out += ": ";
        append(out, literal.members[i].value);
      }
      out += '}';
      return;
    }
    default:
      out += literal.text;
  }
}

}  // namespace

std::string to_string(const Literal& literal) {
  std::string out;
  append(out, literal);
  return out;
}

const char* to_string(Operation::Kind kind) {
  switch (kind) {
    case Operation::Kind::kQuery:
      return "query";
    case Operation::Kind::kMutation:
      return "mutation";
    case Operation::Kind::kSubscription:
      return "subscription";
  }
  return "";
}

const Fragment* ExecutableDocument::fragment(std::string_view name) const {
  const auto found = fragment_index.find(name);
  return found == fragment_index.end() ? nullptr : &fragments[found->second];
}

}  // namespace runstone::graphql
