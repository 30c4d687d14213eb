#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/accounts.h"
#include "auth/auth.h"
#include "runstone/result.h"
#include "server/data_folder.h"
#include "store/account_store.h"
#include "store/store.h"

namespace runstone::cli {

/// The accounts of a server's data folder, whether the server runs or not: both work on the same
/// database, and what is changed here counts there from the next request on. Each action prints
/// what it did, or the list asked for, to stdout.
class AccountActions {
 public:
  /// A folder that no server has used yet is made.
  /// Errors: kFailedPrecondition for a database of another version.
  static Result<AccountActions> open(const std::filesystem::path& data_folder);

  struct AddUser {
    auth::NewUser user;
    std::string key;  ///< "" for a new one
  };
  Result<void> add_user(const AddUser& wanted);
  Result<void> list_users();
  Result<void> change_user(const std::string& name, const store::UserUpdate& update);
  Result<void> set_password(const std::string& name, const std::string& password);
  Result<void> remove_password(const std::string& name);
  Result<void> remove_user(const std::string& name);
  Result<void> restore_user(const std::string& name);
  Result<void> print_signin_link(const std::string& name);

  Result<void> add_key(const std::string& user, const auth::NewKey& key);
  Result<void> list_keys(const std::string& user);
  /// By id, or by name where only one key has it.
  Result<void> revoke_key(const std::string& user, const std::string& key);

  struct People {
    std::vector<std::string> viewers, members, admins;
  };
  Result<void> add_team(const std::string& name, const People& people,
                        const std::string& organization);
  Result<void> list_teams();
  Result<void> remove_team(const std::string& name);
  Result<void> join_team(const std::string& name, const People& people);
  Result<void> leave_team(const std::string& name, const std::vector<std::string>& users);
  Result<void> add_service_account(const std::string& team, const std::string& description);

  Result<void> add_organization(const std::string& name, const std::vector<std::string>& teams,
                                const People& people);
  Result<void> list_organizations();
  Result<void> remove_organization(const std::string& name);
  Result<void> join_organization(const std::string& name, const std::vector<std::string>& teams,
                                 const People& people);
  Result<void> leave_organization(const std::string& name, const std::vector<std::string>& teams,
                                  const std::vector<std::string>& users);

 private:
  AccountActions(std::optional<server::DataFolder> folder, std::filesystem::path path,
                 std::unique_ptr<store::Store> store);
  Result<std::vector<store::NewMember>> find_people(const People& people) const;
  Result<store::Organization> find_organization(const std::string& name) const;
  Result<void> put_into_organization(const store::Organization& organization,
                                     const std::vector<store::Entity>& teams,
                                     const std::vector<store::NewMember>& people);
  Result<std::vector<store::Entity>> find_teams(const std::vector<std::string>& names) const;

  std::optional<server::DataFolder> folder_;  ///< held where no server holds it
  std::filesystem::path path_;
  std::unique_ptr<store::Store> store_;
  auth::Accounts accounts_;
};

}  // namespace runstone::cli
