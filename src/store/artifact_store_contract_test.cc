// What every engine must keep of artifacts.
#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <thread>

#include "store/artifact_store.h"
#include "store/engine_fixture.h"

namespace runstone::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ArtifactContract : public EngineTest {
 protected:
  void SetUp() override {
    project_ = store_->create_project(entity_, "p1", 10)->id;
    type_ = rows().ensure_type(project_, "dataset", 1)->id;
    sequence_ = collection("ds", CollectionKind::kSequence);
  }

  ArtifactStore& rows() { return store_->artifacts(); }
  CollectionId collection(const std::string& name, CollectionKind kind) {
    return rows().create_collection({project_, type_, kind, name, "", 1})->id;
  }
  ArtifactId pending(const std::string& digest, std::vector<std::string> aliases = {}) {
    Artifact made;
    made.sequence = sequence_;
    made.digest = digest;
    made.pending_aliases = std::move(aliases);
    made.created_at_us = made.updated_at_us = 7;
    return rows().create_artifact(made)->id;
  }
  ArtifactId committed(const std::string& digest, std::vector<std::string> aliases = {}) {
    const auto id = pending(digest, std::move(aliases));
    EXPECT_TRUE(rows().commit_artifact({id, digest, "m" + digest, "hash", 3, 1, 8}));
    return id;
  }
  std::vector<std::string> aliases(ArtifactId id) {
    std::vector<std::string> found;
    const auto kept = rows().aliases_of({&id, 1});
    for (const auto& alias : *kept) found.push_back(alias.alias);
    return found;
  }

  ProjectId project_{};
  ArtifactTypeId type_{};
  CollectionId sequence_{};
};

TEST_P(ArtifactContract, ACommitGivesVersionAndAliasesAtOnce) {
  const auto one = pending("d1", {"latest", "best"});
  EXPECT_THAT(aliases(one), IsEmpty());
  const auto done = rows().commit_artifact({one, "d1", "m1", "hash", 30, 2, 8});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->version_index, 0);
  EXPECT_EQ(done->entity_name, "alice");
  EXPECT_EQ(done->sequence_name, "ds");
  EXPECT_THAT(aliases(one), ElementsAre("latest", "best"));
  const auto two = committed("d2", {"latest"});
  EXPECT_THAT(aliases(one), ElementsAre("best"));
  EXPECT_EQ(rows().find_member_by_alias(sequence_, "latest")->artifact.id, two);
  EXPECT_EQ(rows().find_member(sequence_, 0)->artifact.id, one);
  EXPECT_EQ(rows().find_member_by_digest(sequence_, "d1")->artifact.id, one);
  EXPECT_EQ(rows().commit_artifact({one, "d1", "m1", "h", 1, 1, 9}).error().code,
            ErrorCode::kConflict);
}

TEST_P(ArtifactContract, WritersAtOnceGetNumbersOfTheirOwn) {
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([this, i] {
      for (int k = 0; k < 5; ++k) committed("d" + std::to_string(i * 10 + k), {"latest"});
    });
  }
  for (auto& writer : writers) writer.join();
  const auto all = rows().list_members({{sequence_}, false, std::nullopt, -1});
  ASSERT_EQ(all->size(), 20u);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ((*all)[i].membership.version_index, static_cast<std::int64_t>(i));
  }
  EXPECT_EQ(rows().find_member_by_alias(sequence_, "latest")->membership.version_index, 19);
}

TEST_P(ArtifactContract, APageOfVersionsGoesOnBehindTheLastSeen) {
  for (int i = 0; i < 5; ++i) committed("d" + std::to_string(i));
  const auto first = rows().list_members({{sequence_}, true, std::nullopt, 2});
  ASSERT_EQ(first->size(), 2u);
  EXPECT_EQ((*first)[1].membership.version_index, 3);
  const auto next = rows().list_members({{sequence_}, true, std::pair(sequence_, 3), 2});
  ASSERT_EQ(next->size(), 2u);
  EXPECT_EQ((*next)[0].membership.version_index, 2);
  EXPECT_EQ(*rows().count_members({&sequence_, 1}), 5);
}

TEST_P(ArtifactContract, ADeletedVersionLeavesNoAliasAndNeverGivesItsNumberAgain) {
  const auto one = committed("d1", {"latest"});
  EXPECT_EQ(rows().delete_artifact(one, false, 9).error().code, ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(rows().delete_artifact(one, true, 9));
  ASSERT_TRUE(rows().delete_artifact(one, true, 9));
  EXPECT_EQ(rows().get_artifact(one)->state, ArtifactState::kDeleted);
  EXPECT_EQ(rows().find_member_by_alias(sequence_, "latest").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(rows().get_artifact(committed("d2"))->version_index, 1);
}

TEST_P(ArtifactContract, BytesAreFreeWhenTheLastOneThatRefersToThemIsGone) {
  ASSERT_TRUE(rows().put_blob({"b1", 5, 1}, entity_));
  const std::array entry = {ArtifactEntry{"x", "b1", "", 5, "", ""}};
  std::array<ArtifactId, 2> versions;
  for (auto& id : versions) {
    id = pending("d" + std::to_string(&id - versions.data()));
    ASSERT_TRUE(rows().put_entries(id, entry));
    EXPECT_THAT(*rows().missing_entries(id, entity_, 5), IsEmpty());
    ASSERT_TRUE(rows().commit_artifact({id, "d", "", "h", 5, 1, 8}));
  }
  ASSERT_TRUE(rows().delete_artifact(versions[0], true, 9));
  EXPECT_THAT(*rows().list_free(10), testing::Contains("b1"));
  EXPECT_FALSE(*rows().take_free("b1"));
  ASSERT_TRUE(rows().forget_free("b1"));
  ASSERT_TRUE(rows().delete_artifact(versions[1], true, 9));
  EXPECT_TRUE(*rows().take_free("b1"));
  EXPECT_EQ(rows().find_blob("b1").error().code, ErrorCode::kNotFound);
}

TEST_P(ArtifactContract, ASequenceGoesWithItsVersionsAtOnceWhereverTheyAreLinked) {
  ASSERT_TRUE(rows().put_blob({"b1", 5, 1}, entity_));
  const std::array entry = {ArtifactEntry{"x", "b1", "", 5, "", ""}};
  const auto one = pending("d1", {"latest"});
  ASSERT_TRUE(rows().put_entries(one, entry));
  ASSERT_TRUE(rows().commit_artifact({one, "d1", "m1", "h", 5, 1, 8}));
  const auto two = pending("d2");
  const auto other = collection("other", CollectionKind::kSequence);
  ASSERT_TRUE(rows().delete_collection(sequence_));
  EXPECT_EQ(rows().get_collection(sequence_).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(rows().get_artifact(one).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(rows().get_artifact(two).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(aliases(one), IsEmpty());
  EXPECT_TRUE(*rows().take_free("b1"));
  EXPECT_TRUE(rows().get_collection(other));
  EXPECT_EQ(rows().delete_collection(sequence_).error().code, ErrorCode::kNotFound);
}

TEST_P(ArtifactContract, AReservationHoldsBytesUntilTheCommit) {
  ASSERT_TRUE(rows().put_blob({"b1", 5, 1}, entity_));
  const auto id = pending("d");
  const std::array digests = {std::string("b1")};
  ASSERT_TRUE(rows().reserve(id, digests));
  EXPECT_FALSE(*rows().take_free("b1"));
  ASSERT_TRUE(rows().commit_artifact({id, "d", "", "h", 0, 0, 8}));
  EXPECT_TRUE(*rows().take_free("b1"));
}

TEST_P(ArtifactContract, BytesOfAnotherEntityAreMissing) {
  const auto other = store_->create_user({{}, "bob", "b@x", "Bob", false, 5});
  ASSERT_TRUE(other);
  ASSERT_TRUE(rows().put_blob({"b1", 5, 1}, store_->find_entity("bob")->id));
  const auto id = pending("d");
  const std::array entry = {ArtifactEntry{"x", "b1", "", 5, "", ""},
                            ArtifactEntry{"y", "s3://b/k", "s3://b/k", 5, "", ""}};
  ASSERT_TRUE(rows().put_entries(id, entry));
  EXPECT_EQ(rows().missing_entries(id, entity_, 5)->size(), 1u);
  EXPECT_EQ(*rows().count_files(id), 2);
}

TEST_P(ArtifactContract, ALinkHasAnIndexOfItsOwnAndGoesWithUnlink) {
  committed("d0");
  const auto one = committed("d1");
  const auto portfolio = collection("folio", CollectionKind::kPortfolio);
  const std::array names = {std::string("prod")};
  EXPECT_EQ(rows().link(portfolio, one, names, 9)->version_index, 0);
  EXPECT_EQ(rows().link(portfolio, one, {}, 9)->version_index, 0);
  EXPECT_EQ(rows().find_member_by_alias(portfolio, "prod")->artifact.id, one);
  ASSERT_TRUE(rows().unlink(portfolio, one));
  EXPECT_EQ(rows().unlink(portfolio, one).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(rows().link(portfolio, pending("d9"), {}, 9).error().code,
            ErrorCode::kFailedPrecondition);
}

TEST_P(ArtifactContract, WholeManifestsAreKeptOncePerWriterOthersEachTime) {
  const auto id = pending("d");
  ArtifactManifest full{{}, id, ManifestType::kFull, "m", "", "r1", std::nullopt, 1};
  const auto first = rows().put_manifest(full)->id;
  full.digest = "x";
  EXPECT_EQ(rows().put_manifest(full)->id, first);
  full.type = ManifestType::kPatch;
  EXPECT_NE(rows().put_manifest(full)->id, rows().put_manifest(full)->id);
  EXPECT_EQ(rows().manifests(id)->size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(Engines, ArtifactContract, every_engine(), engine_name);

}  // namespace
}  // namespace runstone::store
