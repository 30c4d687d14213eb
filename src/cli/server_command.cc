#include "cli/server_command.h"

#include <pthread.h>
#include <signal.h>

#include <cstdio>
#include <string>
#include <utility>

#include "base/log.h"

namespace runstone::cli {
namespace {

constexpr int kStopGraceMs = 10'000;

sigset_t stop_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
  return signals;
}

}  // namespace

int run_server_command(server::AppOptions options) {
  // Blocked before the first thread exists, so that every thread has them blocked and only the
  // waiting below takes one.
  const auto signals = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto data = options.data_folder.string();
  auto app = server::ServerApp::start(std::move(options));
  if (!app) {
    std::fprintf(stderr, "runstone: %s\n", app.error().message.c_str());
    return 1;
  }
  std::printf("Runstone %s serves %s (data: %s)\n", server::version(), (*app)->url().c_str(),
              data.c_str());
  if (const auto link = (*app)->signin_link()) {
    std::printf("Sign in, once, with %s\n", link->c_str());
  } else {
    log_error("making a sign-in link: " + link.error().message);
  }
  std::fflush(stdout);

  int signal = 0;
  ::sigwait(&signals, &signal);
  log_info("stopping: finishing the requests in flight");
  // A second signal ends the process at once; what was acknowledged is durable already.
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  if (!(*app)->stop(kStopGraceMs)) log_warning("some requests were cut off");
  app->reset();
  log_info("stopped");
  return 0;
}

}  // namespace runstone::cli
