#include "artifacts/collections.h"

#include <algorithm>
#include <map>
#include <utility>

#include "artifacts/names.h"
#include "base/json.h"
#include "base/try.h"

namespace runstone::artifacts {
namespace {

using store::Collection;
using store::CollectionKind;

Result<void> check_tags(const std::vector<std::string>& tags) {
  if (tags.size() > kMaxTagsPerRequest) {
    return fail(ErrorCode::kInvalidArgument, "more than 100 tags in one request: send fewer");
  }
  for (const auto& tag : tags) RUNSTONE_TRY(check_tag(tag));
  return {};
}

Result<void> check_alias_count(std::size_t count) {
  if (count <= kMaxAliasesPerRequest) return {};
  return fail(ErrorCode::kInvalidArgument, std::to_string(count) +
                                               " aliases in one request; at most " +
                                               std::to_string(kMaxAliasesPerRequest));
}

Result<void> check_metadata(const std::string& text) {
  if (text.size() > kMaxMetadataBytes) {
    return fail(ErrorCode::kInvalidArgument,
                "metadata of more than 8 MiB: put large values into a file of the artifact");
  }
  RUNSTONE_TRY(const auto value, json::parse(text));
  if (value.if_dict() == nullptr && !value.is_null()) {
    return fail(ErrorCode::kInvalidArgument, "metadata must be a JSON object");
  }
  return {};
}

}  // namespace

Result<Collection> Collections::update(const Collection& collection, const Change& change) {
  store::CollectionUpdate update;
  update.collection = collection.id;
  if (change.name && *change.name != collection.name) {
    RUNSTONE_TRY(check_collection_name(*change.name));
    update.name = change.name;
  }
  update.description = change.description;
  if (change.ttl_secs) {
    update.ttl_secs.emplace(*change.ttl_secs > 0 ? change.ttl_secs : std::nullopt);
  }
  update.now_us = clock_.now_us();
  RUNSTONE_TRY(store_.update_collection(update));
  return store_.get_collection(collection.id);
}

Result<Collection> Collections::move_to_type(const Collection& sequence, const std::string& type) {
  if (sequence.kind != CollectionKind::kSequence) {
    return fail(ErrorCode::kInvalidArgument,
                "only a sequence can change its type; " + sequence.name + " is a portfolio");
  }
  RUNSTONE_TRY(check_type_name(type));
  store::CollectionUpdate update;
  update.collection = sequence.id;
  update.now_us = clock_.now_us();
  RUNSTONE_TRY(const auto target, store_.ensure_type(sequence.project, type, update.now_us));
  update.type = target.id;
  RUNSTONE_TRY(store_.update_collection(update));
  return store_.get_collection(sequence.id);
}

Result<void> Collections::remove(const Collection& collection) {
  return store_.delete_collection(collection.id);
}

Result<void> Collections::change_tags(const Collection& collection, std::vector<std::string> add,
                                      std::vector<std::string> remove) {
  RUNSTONE_TRY(check_tags(add));
  RUNSTONE_TRY(check_tags(remove));
  store::CollectionUpdate update;
  update.collection = collection.id;
  update.add_tags = std::move(add);
  update.remove_tags = std::move(remove);
  update.now_us = clock_.now_us();
  return store_.update_collection(update);
}

Result<void> Collections::add_aliases(const std::vector<store::NewAlias>& aliases) {
  RUNSTONE_TRY(check_alias_count(aliases.size()));
  std::map<store::CollectionId, std::size_t> added;
  for (const auto& alias : aliases) {
    RUNSTONE_TRY(check_alias(alias.alias));
    ++added[alias.collection];
  }
  for (const auto& [collection, count] : added) {
    RUNSTONE_TRY(const auto have, store_.count_aliases(collection));
    if (static_cast<std::size_t>(have) + count > kMaxAliasesPerCollection) {
      return fail(ErrorCode::kResourceExhausted, "a collection may have " +
                                                     std::to_string(kMaxAliasesPerCollection) +
                                                     " aliases: delete some that are not needed");
    }
  }
  return store_.put_aliases(aliases);
}

Result<void> Collections::delete_aliases(const std::vector<store::NewAlias>& aliases) {
  RUNSTONE_TRY(check_alias_count(aliases.size()));
  return store_.remove_aliases(aliases);
}

Result<store::Artifact> Collections::update_artifact(const Update& update) {
  store::ArtifactUpdate change;
  change.artifact = update.artifact;
  if (update.description) change.description.emplace(update.description);
  if (update.metadata_json) {
    RUNSTONE_TRY(check_metadata(*update.metadata_json));
    change.metadata_json.emplace(update.metadata_json);
  }
  if (update.ttl_secs && *update.ttl_secs <= 0 && *update.ttl_secs != store::kTtlInherit &&
      *update.ttl_secs != store::kTtlNever) {
    return fail(ErrorCode::kInvalidArgument,
                "ttlDurationSeconds must be positive, -1 (as its collection) or -2 (for ever)");
  }
  change.ttl_secs = update.ttl_secs;
  RUNSTONE_TRY(check_tags(update.add_tags));
  RUNSTONE_TRY(check_tags(update.remove_tags));
  change.add_tags = update.add_tags;
  change.remove_tags = update.remove_tags;
  change.now_us = clock_.now_us();
  RUNSTONE_TRY(store_.update_artifact(change));
  return store_.get_artifact(update.artifact);
}

Result<Collection> Collections::create_portfolio(store::ProjectId project, const std::string& name,
                                                 const std::string& type,
                                                 const std::string& description) {
  RUNSTONE_TRY(check_collection_name(name));
  RUNSTONE_TRY(check_type_name(type));
  const auto now_us = clock_.now_us();
  RUNSTONE_TRY(const auto made_type, store_.ensure_type(project, type, now_us));
  store::NewCollection made;
  made.project = project;
  made.type = made_type.id;
  made.kind = CollectionKind::kPortfolio;
  made.name = name;
  made.description = description;
  made.now_us = now_us;
  return store_.create_collection(made);
}

Result<Collections::Linked> Collections::link(const Link& link) {
  const auto& artifact = link.artifact;
  RUNSTONE_TRY(check_alias_count(link.aliases.size()));
  for (const auto& alias : link.aliases) RUNSTONE_TRY(check_alias(alias));
  if (artifact.state != store::ArtifactState::kCommitted) {
    return fail(ErrorCode::kFailedPrecondition,
                "only a committed version can be linked; this one is " +
                    std::string(store::to_string(artifact.state)));
  }
  if (link.allowed_types && std::find(link.allowed_types->begin(), link.allowed_types->end(),
                                      artifact.type_name) == link.allowed_types->end()) {
    return fail(ErrorCode::kInvalidArgument, "artifacts of type '" + artifact.type_name +
                                                 "' are not among the types of this registry");
  }
  auto found = store_.find_collection(link.project, link.portfolio);
  if (!found && found.error().code == ErrorCode::kNotFound) {
    found = create_portfolio(link.project, link.portfolio, artifact.type_name, "");
    // Someone else made it in between.
    if (!found && found.error().code == ErrorCode::kConflict) {
      found = store_.find_collection(link.project, link.portfolio);
    }
  }
  if (!found) return fail(std::move(found).error());
  if (found->kind != CollectionKind::kPortfolio) {
    return fail(
        ErrorCode::kInvalidArgument,
        "'" + link.portfolio + "' is a sequence, where versions are made: link to another name");
  }
  if (found->type_name != artifact.type_name) {
    return fail(ErrorCode::kInvalidArgument, "portfolio '" + link.portfolio + "' holds type '" +
                                                 found->type_name + "', this version is of type '" +
                                                 artifact.type_name + "'");
  }
  auto aliases = link.aliases;
  if (std::find(aliases.begin(), aliases.end(), "latest") == aliases.end()) {
    aliases.emplace_back("latest");
  }
  RUNSTONE_TRY(auto membership, store_.link(found->id, artifact.id, aliases, clock_.now_us()));
  return Linked{std::move(membership), *std::move(found)};
}

Result<void> Collections::unlink(const Collection& portfolio, store::ArtifactId artifact) {
  if (portfolio.kind != CollectionKind::kPortfolio) {
    return fail(ErrorCode::kInvalidArgument,
                "a version cannot be unlinked from the sequence it was made in: delete it");
  }
  auto member = store_.find_member_of(portfolio.id, artifact);
  if (!member) {
    if (member.error().code != ErrorCode::kNotFound) return fail(std::move(member).error());
    return fail(ErrorCode::kNotFound, "this version is not linked to " + portfolio.name);
  }
  return store_.unlink(portfolio.id, artifact);
}

}  // namespace runstone::artifacts
