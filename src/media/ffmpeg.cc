// mp4, webm and ogg by the program ffmpeg: no library of codecs is linked, and a machine without
// the program loses only these formats.
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "fs/file_system.h"
#include "media/video.h"

extern char** environ;

namespace runstone::media {
namespace {

constexpr std::size_t kMessageBytesMax = 4096;

std::string program() {
  for (const char* name : {"RUNSTONE_FFMPEG", "IMAGEIO_FFMPEG_EXE"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "ffmpeg";
}

std::vector<std::string> arguments(const Frames& frames, const std::string& path) {
  std::vector<std::string> list = {
      program(), "-nostdin", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
      "-s", std::to_string(frames.width) + "x" + std::to_string(frames.height), "-r",
      std::to_string(frames.fps), "-i", "pipe:0", "-an",
      // What players take: halved color planes, which need even sides.
      "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p"};
  if (std::filesystem::path(path).extension() == ".mp4") {
    list.insert(list.end(), {"-movflags", "+faststart"});
  }
  list.push_back(path);
  return list;
}

// A socket, not a pipe: writing to a program that has ended must not raise SIGPIPE.
struct Input {
  int ours = -1, theirs = -1;
  Input() {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0)
      ours = pair[0], theirs = pair[1];
  }
  ~Input() {
    close_ours();
    close_theirs();
  }
  void close_ours() {
    if (ours >= 0) close(ours);
    ours = -1;
  }
  void close_theirs() {
    if (theirs >= 0) close(theirs);
    theirs = -1;
  }
  void send_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = send(ours, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return;  // the program has ended; it says why
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
};

Result<pid_t> start(const std::vector<std::string>& list, const Input& input,
                    const std::string& messages) {
  std::vector<char*> pointers;
  for (const std::string& argument : list) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.theirs, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, messages.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  pid_t child = 0;
  const int error = posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return child;
  return fail(ErrorCode::kFailedPrecondition,
              "this video format needs the program ffmpeg (tried '" + list[0] +
                  "': " + std::strerror(error) +
                  "). Install the package ffmpeg or imageio-ffmpeg, name the program in "
                  "RUNSTONE_FFMPEG, or log the video as a gif");
}

}  // namespace

Result<void> encode_by_ffmpeg(const Frames& frames, const std::string& path) {
  const std::string messages = path + ".log";
  Input input;
  if (input.ours < 0)
    return fail(ErrorCode::kIo, std::string("socketpair: ") + std::strerror(errno));
  auto child = start(arguments(frames, path), input, messages);
  if (!child) return fail(child.error());
  input.close_theirs();
  input.send_all(frames.rgb);
  input.close_ours();
  int status = 0;
  while (waitpid(*child, &status, 0) < 0) {
    // A program that ignores SIGCHLD has no status to give: then the file decides.
    if (errno != EINTR)
      return std::filesystem::exists(path) ? Result<void>{}
                                           : fail(ErrorCode::kIo, "ffmpeg wrote nothing");
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  auto said = fs::read_file(fs::real_file_system(), messages);
  return fail(ErrorCode::kIo, "ffmpeg could not encode the video: " +
                                  (said ? said->substr(0, kMessageBytesMax) : "it said nothing"));
}

}  // namespace runstone::media
