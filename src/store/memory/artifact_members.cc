#include "store/memory/artifact_engine.h"

#include <algorithm>

#include "base/try.h"
#include "store/memory/look_up.h"

namespace runstone::store::memory {

Result<std::vector<Member>> MemoryArtifactStore::list_members(const ListMembers& request) const {
  const std::scoped_lock lock(t_.mutex);
  const bool down = request.descending;
  auto found = members_where([&](const Membership& m) {
    if (!contains(std::span<const CollectionId>(request.collections), m.collection)) return false;
    if (!request.after) return true;
    const auto& [collection, index] = *request.after;
    if (m.collection != collection) return m.collection > collection;
    return down ? m.version_index < index : m.version_index > index;
  });
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
    const auto &x = a.membership, &y = b.membership;
    if (x.collection != y.collection) return x.collection < y.collection;
    return down ? x.version_index > y.version_index : x.version_index < y.version_index;
  });
  cut(found, request.limit);
  return found;
}

Result<std::int64_t> MemoryArtifactStore::count_members(std::span<const CollectionId> ids) const {
  const std::scoped_lock lock(t_.mutex);
  return std::count_if(members_.begin(), members_.end(),
                       [&](const auto& row) { return contains(ids, row.second.collection); });
}

Result<Member> MemoryArtifactStore::find_member(CollectionId collection,
                                                std::int64_t version_index) const {
  return last_member([&](const Membership& m) {
    return m.collection == collection && m.version_index == version_index;
  });
}

Result<Member> MemoryArtifactStore::find_member_by_alias(CollectionId collection,
                                                         std::string_view alias) const {
  return last_member([&](const Membership& m) {
    return std::any_of(aliases_.begin(), aliases_.end(), [&](const auto& row) {
      return row.second.collection == collection && row.second.alias == alias &&
             row.second.membership == m.id;
    });
  });
}

Result<Member> MemoryArtifactStore::find_member_by_digest(CollectionId collection,
                                                          std::string_view digest) const {
  return last_member([&](const Membership& m) {
    return m.collection == collection && artifacts_.at(m.artifact).digest == digest;
  });
}

Result<Member> MemoryArtifactStore::find_member_of(CollectionId collection,
                                                   ArtifactId artifact) const {
  return last_member(
      [&](const Membership& m) { return m.collection == collection && m.artifact == artifact; });
}

Result<std::vector<Member>> MemoryArtifactStore::latest_members(
    std::span<const CollectionId> ids) const {
  std::vector<Member> found;
  for (const auto id : ids) {
    auto member = last_member([&](const Membership& m) { return m.collection == id; });
    if (member) found.push_back(*std::move(member));
  }
  return found;
}

Result<std::vector<Membership>> MemoryArtifactStore::memberships_of(
    std::span<const ArtifactId> ids) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<Membership> found;
  for (const auto& [id, m] : members_) {
    if (contains(ids, m.artifact)) found.push_back(m);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.artifact < b.artifact; });
  return found;
}

Result<std::vector<Membership>> MemoryArtifactStore::get_memberships(
    std::span<const MembershipId> ids) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<Membership> found;
  for (const auto id : ids) {
    const auto at = members_.find(id);
    if (at != members_.end()) found.push_back(at->second);
  }
  return found;
}

Result<Membership> MemoryArtifactStore::link(CollectionId portfolio, ArtifactId artifact,
                                             std::span<const std::string> aliases,
                                             std::int64_t now_us) {
  const std::scoped_lock lock(t_.mutex);
  const auto at = collections_.find(portfolio);
  if (at == collections_.end()) return missing("artifact collection");
  const auto a = artifacts_.find(artifact);
  if (a == artifacts_.end()) return missing("artifact");
  if (a->second.state != ArtifactState::kCommitted) {
    return fail(ErrorCode::kFailedPrecondition, "only a committed version can be linked");
  }
  const auto* place = place_of(portfolio, artifact);
  if (place == nullptr) {
    const MembershipId id{++last_};
    at->second.updated_at_us = now_us;
    place = &(members_[id] = {id, portfolio, artifact, at->second.next_version++, now_us});
  }
  for (const auto& alias : aliases) RUNSTONE_TRY(alias_locked({portfolio, alias, artifact}));
  return *place;
}

Result<void> MemoryArtifactStore::unlink(CollectionId portfolio, ArtifactId artifact) {
  const std::scoped_lock lock(t_.mutex);
  const auto here = [&](const auto& row) {
    return row.second.collection == portfolio && row.second.artifact == artifact;
  };
  std::erase_if(aliases_, here);
  if (std::erase_if(members_, here) == 0) return missing("artifact version in this collection");
  return {};
}

Result<void> MemoryArtifactStore::put_aliases(std::span<const NewAlias> aliases) {
  const std::scoped_lock lock(t_.mutex);
  for (const auto& alias : aliases) {
    if (place_of(alias.collection, alias.artifact) == nullptr) {
      return missing("artifact version in this collection");
    }
  }
  for (const auto& alias : aliases) RUNSTONE_TRY(alias_locked(alias));
  return {};
}

Result<void> MemoryArtifactStore::remove_aliases(std::span<const NewAlias> aliases) {
  const std::scoped_lock lock(t_.mutex);
  for (const auto& gone : aliases) {
    std::erase_if(aliases_, [&](const auto& row) {
      const auto& alias = row.second;
      return alias.collection == gone.collection && alias.alias == gone.alias &&
             alias.artifact == gone.artifact;
    });
  }
  return {};
}

Result<std::vector<ArtifactAlias>> MemoryArtifactStore::aliases_of(
    std::span<const ArtifactId> ids) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<ArtifactAlias> found;
  for (const auto& [id, alias] : aliases_) {
    if (contains(ids, alias.artifact)) found.push_back(alias);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.artifact < b.artifact; });
  return found;
}

Result<std::vector<ArtifactAlias>> MemoryArtifactStore::list_aliases(CollectionId collection,
                                                                     AliasId after,
                                                                     std::int64_t limit) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<ArtifactAlias> found;
  for (const auto& [id, alias] : aliases_) {
    if (alias.collection == collection && id > after) found.push_back(alias);
  }
  cut(found, limit);
  return found;
}

Result<std::int64_t> MemoryArtifactStore::count_aliases(CollectionId collection) const {
  const std::scoped_lock lock(t_.mutex);
  return std::count_if(aliases_.begin(), aliases_.end(),
                       [&](const auto& row) { return row.second.collection == collection; });
}

}  // namespace runstone::store::memory
