#include "graphql/engine.h"

#include <cstdio>

#include "base/try.h"
#include "graphql/coerce.h"
#include "graphql/execute.h"
#include "graphql/introspection.h"
#include "graphql/parser.h"
#include "graphql/schema.h"
#include "graphql/validate.h"

namespace runstone::graphql {

Result<Engine> Engine::create(std::string_view sdl, Limits limits) {
  RUNSTONE_TRY(auto schema, Schema::build(sdl));
  Engine engine(std::move(schema), limits);
  register_introspection(engine, *engine.schema_);
  return engine;
}

Engine::Engine(std::unique_ptr<Schema> schema, Limits limits)
    : schema_(std::move(schema)), limits_(limits) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

void Engine::resolve(std::string_view field, Resolver resolver) {
  const auto dot = field.find('.');
  RUNSTONE_ASSERT(dot != std::string_view::npos);
  auto* type = schema_->type(field.substr(0, dot));
  const bool known = type != nullptr && type->field(field.substr(dot + 1)) != nullptr;
  if (!known) {
    std::fprintf(stderr, "the schema has no %.*s\n", static_cast<int>(field.size()), field.data());
  }
  RUNSTONE_ASSERT(known);
  const auto found = type->field_index.find(field.substr(dot + 1));
  type->fields[found->second].resolver = std::move(resolver);
}

namespace {

/// A document that may be executed, or what is wrong with it.
struct Prepared {
  ExecutableDocument document;
  std::vector<Problem> problems;
};

Prepared prepare(std::string_view text, const Schema& schema, const Limits& limits) {
  Prepared prepared;
  if (text.size() > limits.document_bytes_max) {
    prepared.problems.push_back({"Syntax Error: Document is longer than the " +
                                     std::to_string(limits.document_bytes_max) + " bytes allowed.",
                                 kParseFailed,
                                 {},
                                 {}});
    return prepared;
  }
  auto parsed = parse_executable(text, {limits.tokens_max, limits.depth_max});
  if (auto* problem = std::get_if<Problem>(&parsed)) {
    prepared.problems.push_back(std::move(*problem));
    return prepared;
  }
  prepared.document = std::get<ExecutableDocument>(std::move(parsed));
  prepared.problems = validate(schema, prepared.document, limits);
  return prepared;
}

const Operation* choose(const ExecutableDocument& document, std::string_view name,
                        std::vector<Problem>& problems) {
  if (name.empty()) {
    if (document.operations.size() == 1) return &document.operations.front();
    problems.push_back({"Must provide operation name if query contains multiple operations.",
                        kBadUserInput,
                        {},
                        {}});
    return nullptr;
  }
  for (const auto& operation : document.operations) {
    if (operation.name == name) return &operation;
  }
  problems.push_back(
      {"Unknown operation named \"" + std::string(name) + "\".", kBadUserInput, {}, {}});
  return nullptr;
}

}  // namespace

Value Engine::execute(const Request& request, Context& context) const {
  auto prepared = prepare(request.document, *schema_, limits_);
  auto& problems = prepared.problems;
  if (!problems.empty()) return to_response(problems);
  const auto* operation = choose(prepared.document, request.operation_name, problems);
  if (operation == nullptr) return to_response(problems);
  const auto variables = coerce_variables(*operation, request.variables, *schema_, problems);
  if (problems.empty()) {
    check_complexity(*schema_, prepared.document, *operation, variables, limits_, problems);
  }
  if (!problems.empty()) return to_response(problems);
  return graphql::execute(*schema_, prepared.document, *operation, variables, limits_, context);
}

Value Engine::validate(std::string_view document) const {
  const auto prepared = prepare(document, *schema_, limits_);
  List errors;
  for (const auto& problem : prepared.problems) errors.push_back(to_value(problem));
  return errors;
}

}  // namespace runstone::graphql
