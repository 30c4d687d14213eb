// The program as people and scripts meet it: processes, signals, exit codes, what is printed.
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/random_id.h"
#include "net/server/test_client.h"
#include "server/client_file.h"

extern char** environ;

namespace runstone::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
namespace stdfs = std::filesystem;

// A started `runstone`, with everything that it prints.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    ::posix_spawn_file_actions_addclose(&actions, ends[0]);
    ::posix_spawn_file_actions_addclose(&actions, ends[1]);
    arguments.insert(arguments.begin(), RUNSTONE_EXECUTABLE);
    std::vector<char*> texts;
    for (auto& argument : arguments) texts.push_back(argument.data());
    texts.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&pid_, RUNSTONE_EXECUTABLE, &actions, nullptr, texts.data(), environ),
              0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  ~Program() {
    if (pid_ > 0) {
      kill(SIGKILL);
      wait();
    }
    ::close(output_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  void kill(int signal) { ::kill(pid_, signal); }
  /// The exit code, or minus the signal that ended it.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  /// Reads on until `text` was printed, or the output ended.
  bool wait_for_output(std::string_view text) {
    while (text_.find(text) == std::string::npos) {
      if (!fill()) return false;
    }
    return true;
  }
  std::string all_output() {
    while (fill()) {
    }
    return text_;
  }

 private:
  bool fill() {
    std::array<char, 4096> piece;
    const auto got = ::read(output_, piece.data(), piece.size());
    if (got <= 0) return false;
    text_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
  }
  pid_t pid_ = -1;
  int output_ = -1;
  std::string text_;
};

class ProgramTest : public testing::Test {
 protected:
  ~ProgramTest() override { stdfs::remove_all(data_); }
  std::vector<std::string> server_arguments(std::string port = "0") {
    return {"server", "--data", data_.string(), "--port", port};
  }
  server::ClientFile client_file() {
    return server::read_client_file(data_ / "client.json").value();
  }
  std::uint16_t port() {
    const auto url = client_file().base_url;
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }
  http::Reply send(std::string_view method, std::string_view target, std::string_view body = "") {
    http::TestClient client(port());
    return client.request(
        method, target, body,
        "Authorization: Basic " + to_base64("api:" + client_file().api_key) + "\r\n");
  }
  static std::string output_of(std::vector<std::string> arguments, int code) {
    Program program(std::move(arguments));
    auto text = program.all_output();
    EXPECT_EQ(program.wait(), code) << text;
    return text;
  }

  stdfs::path data_ = stdfs::temp_directory_path() / ("program_" + random_id());
};

TEST_F(ProgramTest, ServesUntilSigtermAndThenExitsWith0) {
  Program server(server_arguments());
  ASSERT_TRUE(server.wait_for_output("/signin?token=")) << server.all_output();
  EXPECT_EQ(send("GET", "/api/health").status, 200);
  server.kill(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_THAT(server.all_output(), HasSubstr("stopped"));
}

TEST_F(ProgramTest, KeyAndSigninServeScripts) {
  Program server(server_arguments());
  ASSERT_TRUE(server.wait_for_output("/signin?token="));
  EXPECT_EQ(output_of({"key", "--data", data_.string()}, 0), client_file().api_key + "\n");
  auto link = output_of({"signin", "--data", data_.string()}, 0);
  ASSERT_THAT(link, StartsWith(client_file().base_url + "/signin?token="));
  link.pop_back();
  EXPECT_EQ(send("GET", link.substr(client_file().base_url.size())).status, 303);
}

TEST_F(ProgramTest, WithoutAServerTheySayWhatToDo) {
  EXPECT_THAT(output_of({"key", "--data", data_.string()}, 1), HasSubstr("runstone server"));
  {
    Program server(server_arguments());
    ASSERT_TRUE(server.wait_for_output("/signin?token="));
    server.kill(SIGTERM);
    server.wait();
  }
  EXPECT_THAT(output_of({"signin", "--data", data_.string()}, 1), HasSubstr("no server answers"));
}

TEST_F(ProgramTest, ATakenPortOrFolderNamesItsHolder) {
  Program server(server_arguments());
  ASSERT_TRUE(server.wait_for_output("/signin?token="));
  const auto holder = "process " + std::to_string(server.pid());
  EXPECT_THAT(output_of(server_arguments(), 1), HasSubstr(holder));
  const auto other = (data_ / "other").string();
  EXPECT_THAT(output_of({"server", "--data", other, "--port", std::to_string(port())}, 1),
              HasSubstr(holder + " (runstone)"));
}

TEST_F(ProgramTest, AfterSigkillItStartsAgainWithEveryAcknowledgedLine) {
  std::string entity;
  {
    Program server(server_arguments());
    ASSERT_TRUE(server.wait_for_output("/signin?token="));
    const auto made = send("POST", "/graphql",
                           R"({"query":"mutation{upsertBucket(input:{modelName:\"p\",name:\"r\"}))"
                           R"({bucket{project{entity{name}}}}}"})");
    const std::string mark = R"("entity":{"name":")";
    const auto at = made.body.find(mark);
    ASSERT_NE(at, std::string::npos) << made.body;
    entity = made.body.substr(at + mark.size(),
                              made.body.find('"', at + mark.size()) - at - mark.size());
    const auto rows =
        R"({"files":{"wandb-history.jsonl":{"offset":0,"content":["{\"loss\":1,\"_step\":0}"]}}})";
    ASSERT_EQ(send("POST", "/files/" + entity + "/p/r/file_stream", rows).status, 200);
    server.kill(SIGKILL);
    EXPECT_EQ(server.wait(), -SIGKILL);
  }
  Program server(server_arguments());
  ASSERT_TRUE(server.wait_for_output("/signin?token=")) << server.all_output();
  EXPECT_THAT(send("GET", "/api/runs/" + entity + "/p/r/keys").body,
              HasSubstr(R"("name":"loss","type":"number","count":1)"));
}

TEST_F(ProgramTest, AccountsAreAdministeredWhileTheServerRuns) {
  Program server(server_arguments());
  ASSERT_TRUE(server.wait_for_output("/signin?token="));
  const auto account = [&](std::vector<std::string> arguments, int code = 0) {
    arguments.insert(arguments.end(), {"--data", data_.string()});
    return output_of(std::move(arguments), code);
  };
  const auto last_line = [](std::string text) {
    text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  };
  const auto viewer_of = [&](const std::string& key) {
    return http::TestClient(port()).request(
        "POST", "/graphql", R"({"query":"{viewer{username entity admin}}"})",
        "Authorization: Basic " + to_base64("api:" + key) + "\r\n");
  };
  const std::string given = "local-" + std::string(40, 'g');
  EXPECT_EQ(last_line(account({"user", "add", "ann", "--admin", "--key", given})), given);
  EXPECT_THAT(viewer_of(given).body, HasSubstr(R"("username":"ann","entity":"ann","admin":true)"));
  const auto key = last_line(account({"user", "add", "ben"}));
  EXPECT_THAT(viewer_of(key).body, HasSubstr(R"("username":"ben")"));
  account({"team", "add", "crew", "--member", "ann", "ben"});
  EXPECT_THAT(account({"team", "list"}), HasSubstr("ann:member ben:member"));
  account({"org", "add", "acme", "--team", "crew"});
  EXPECT_THAT(account({"org", "list"}), HasSubstr("crew"));
  const auto bot = last_line(account({"team", "service", "crew", "nightly"}));
  EXPECT_THAT(viewer_of(bot).body, HasSubstr(R"("entity":"crew")"));
  account({"key", "revoke", "ben", "first"});
  EXPECT_EQ(viewer_of(key).status, 401);
  // Without a subcommand it is still the local user's key.
  EXPECT_EQ(account({"key"}), client_file().api_key + "\n");
  EXPECT_THAT(account({"user", "add", "a/b"}, 2), HasSubstr("cannot be a name"));
  EXPECT_THAT(account({"user", "add", "ann"}, 1), HasSubstr("exists already"));
  account({"user"}, 2);
  account({"team", "join", "crew", "ann", "--role", "king"}, 2);
}

TEST_F(ProgramTest, AccountsCanBeMadeBeforeTheFirstStart) {
  const std::string given = "local-" + std::string(40, 'g');
  EXPECT_THAT(output_of({"user", "add", "ann", "--key", given, "--data", data_.string()}, 0),
              HasSubstr(given));
  Program server(server_arguments());
  ASSERT_TRUE(server.wait_for_output("/signin?token=")) << server.all_output();
  EXPECT_EQ(http::TestClient(port())
                .request("POST", "/graphql", R"({"query":"{viewer{username}}"})",
                         "Authorization: Basic " + to_base64("api:" + given) + "\r\n")
                .body,
            R"({"data":{"viewer":{"username":"ann"}}})");
}

TEST_F(ProgramTest, WrongUseIs2) {
  EXPECT_THAT(output_of({}, 2), HasSubstr("subcommand"));
  output_of({"serve"}, 2);
  output_of({"server", "--port", "seven"}, 2);
  EXPECT_THAT(output_of({"--help"}, 0), HasSubstr("signin"));
  EXPECT_THAT(output_of({"version"}, 0), StartsWith("runstone "));
}

}  // namespace
}  // namespace runstone::cli
