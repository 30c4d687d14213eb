#include "graphql/parser.h"

#include "base/encoding.h"
#include "graphql/parser_core.h"

namespace runstone::graphql {
namespace {

class ExecutableParser : public ParserCore {
 public:
  using ParserCore::ParserCore;

  ExecutableDocument document() {
    ExecutableDocument document;
    do {
      if (failed()) break;
      if (at("{")) {
        Operation operation;
        operation.location = token_.location;
        operation.selections = selection_set();
        document.operations.push_back(std::move(operation));
      } else if (at_keyword("fragment")) {
        document.fragments.push_back(fragment());
      } else {
        document.operations.push_back(operation());
      }
    } while (!failed() && !at_end());
    for (std::size_t i = 0; i < document.fragments.size(); ++i) {
      document.fragment_index.emplace(document.fragments[i].name, i);
    }
    return document;
  }

 private:
  Operation operation() {
    Operation operation;
    operation.location = token_.location;
    if (at_keyword("mutation")) {
      operation.kind = Operation::Kind::kMutation;
    } else if (at_keyword("subscription")) {
      operation.kind = Operation::Kind::kSubscription;
    } else if (!at_keyword("query")) {
      fail_unexpected();
      return operation;
    }
    advance();
    if (token_.kind == Token::Kind::kName) operation.name = expect_name();
    if (at("(")) {
      items("(", ")", [&] { operation.variables.push_back(variable_definition()); });
    }
    operation.directives = directives(false);
    operation.selections = selection_set();
    return operation;
  }

  VariableDefinition variable_definition() {
    VariableDefinition variable;
    variable.location = token_.location;
    expect("$");
    variable.name = expect_name();
    expect(":");
    variable.type = type();
    if (take("=")) {
      variable.has_default = true;
      variable.default_value = literal(true);
    }
    variable.directives = directives(true);
    return variable;
  }

  Fragment fragment() {
    Fragment fragment;
    fragment.location = token_.location;
    expect_keyword("fragment");
    if (at_keyword("on")) fail_unexpected();
    fragment.name = expect_name();
    expect_keyword("on");
    fragment.type_condition = expect_name();
    fragment.directives = directives(false);
    fragment.selections = selection_set();
    return fragment;
  }

  std::vector<Selection> selection_set() {
    std::vector<Selection> selections;
    const Level level(*this);
    items("{", "}", [&] { selections.push_back(selection()); });
    return selections;
  }

  Selection selection() {
    Selection selection;
    selection.location = token_.location;
    if (!take("...")) return field(std::move(selection));
    if (token_.kind == Token::Kind::kName && !at_keyword("on")) {
      selection.kind = Selection::Kind::kSpread;
      selection.name = expect_name();
      selection.directives = directives(false);
      return selection;
    }
    selection.kind = Selection::Kind::kInline;
    if (take_keyword("on")) selection.type_condition = expect_name();
    selection.directives = directives(false);
    selection.selections = selection_set();
    return selection;
  }

  Selection field(Selection selection) {
    selection.name = expect_name();
    if (take(":")) {
      selection.alias = selection.name;
      selection.name = expect_name();
    }
    selection.arguments = arguments(false);
    selection.directives = directives(false);
    if (at("{")) selection.selections = selection_set();
    return selection;
  }
};

}  // namespace

Parsed<ExecutableDocument> parse_executable(std::string_view text, ParseLimits limits) {
  if (!is_valid_utf8(text)) {
    return Problem{"Syntax Error: The document is not UTF-8.", kParseFailed, {}, {}};
  }
  ExecutableParser parser(text, limits);
  auto document = parser.document();
  if (parser.failed()) return parser.problem();
  return document;
}

}  // namespace runstone::graphql
