#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/api_context.h"

namespace runstone::api {

/// A registry is a project of an organization's own entity with this in front of its name.
inline constexpr std::string_view kRegistryPrefix = "wandb-registry-";
/// Where link_model() puts models.
inline constexpr std::string_view kModelRegistry = "model-registry";

bool is_registry(std::string_view project);

/// The types of artifacts that a registry takes; nothing if it takes all, and for other projects.
Result<std::optional<std::vector<std::string>>> allowed_types(const ApiContext& context,
                                                              const store::Project& project);

/// Made if there is none, unless it would be a registry: those are made on purpose. kNotFound for
/// what may not be read, kPermissionDenied for what may only be read.
Result<store::Project> project_to_link_to(const ApiContext& context, const std::string& entity,
                                          const std::string& project);

/// The part of upsertModel that concerns registries.
Result<void> check_registry_input(const ApiContext& context, const Value& input,
                                  const std::string& entity, const std::string& name);
Result<void> save_registry(const ApiContext& context, const store::Project& project,
                           const Value& input);

}  // namespace runstone::api
