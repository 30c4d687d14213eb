#pragma once

#include <memory>

// The stores of single subjects, each over the one database, with the tables that it owns (pieces
// of schema.cc's migrations).
namespace runstone::store {
class AccountStore;
class ArtifactStore;
class SweepStore;
class AlertStore;
class RegistryStore;
class ViewStore;
}  // namespace runstone::store

namespace runstone::store::sqlite {

struct Database;

extern const char kRunChangeSchema[];
extern const char kRunSchema[];
extern const char kAccountSchema[];
std::unique_ptr<AccountStore> make_account_store(Database& db);
extern const char kArtifactSchema[];
std::unique_ptr<ArtifactStore> make_artifact_store(Database& db);
extern const char kSweepSchema[];
std::unique_ptr<SweepStore> make_sweep_store(Database& db);
extern const char kAlertSchema[];
std::unique_ptr<AlertStore> make_alert_store(Database& db);
extern const char kDeletedNameSchema[];
extern const char kRegistrySchema[];
std::unique_ptr<RegistryStore> make_registry_store(Database& db);
extern const char kViewSchema[];
std::unique_ptr<ViewStore> make_view_store(Database& db);

}  // namespace runstone::store::sqlite
