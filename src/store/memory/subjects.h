#pragma once

#include <memory>

// The stores of single subjects, each with a lock of its own, but for the accounts.
namespace runstone::store {
class AccountStore;
class ArtifactStore;
class SweepStore;
class AlertStore;
class RegistryStore;
class ViewStore;
}  // namespace runstone::store

namespace runstone::store::memory {

struct AccountTables;
/// Over the tables of the whole store, which outlive it.
std::unique_ptr<AccountStore> make_account_store(AccountTables& tables);
std::unique_ptr<ArtifactStore> make_artifact_store(AccountTables& tables);
std::unique_ptr<SweepStore> make_sweep_store();
std::unique_ptr<AlertStore> make_alert_store();
/// Over the same tables, too.
std::unique_ptr<RegistryStore> make_registry_store(AccountTables& tables);
std::unique_ptr<ViewStore> make_view_store();

}  // namespace runstone::store::memory
