#include <utility>

#include "base/try.h"
#include "ingest/ingest_service.h"
#include "store/tail_lines.h"

namespace runstone::ingest {
namespace {

void read_facts(PreparedStream& prepared) {
  thread_local HistoryFactsReader reader;
  const auto& lines = prepared.lines;
  for (std::size_t i = 0; i < lines.count(); ++i) {
    const auto line = lines.line(i);
    const auto at = static_cast<std::size_t>(line.data() - lines.text.data());
    reader.add(lines.offset + static_cast<std::int64_t>(i), line, lines.text.size() - at);
  }
  prepared.facts = reader.take();
  prepared.chunk.first_step = prepared.facts.first_step;
  prepared.chunk.last_step = prepared.facts.last_step;
}

std::string compress(const protocol::StreamLines& lines) {
  if (!lines.inner_newlines) return store::encode_lines(lines.all());
  std::vector<std::string_view> each;
  for (std::size_t i = 0; i < lines.count(); ++i) each.push_back(lines.line(i));
  return store::encode_lines(each);
}

PreparedStream prepare_stream(store::Stream stream, protocol::StreamLines lines) {
  PreparedStream prepared;
  prepared.stream = stream;
  prepared.lines = std::move(lines);
  auto& chunk = prepared.chunk;
  chunk.stream = stream;
  chunk.first_line = prepared.lines.offset;
  chunk.line_count = static_cast<std::int64_t>(prepared.lines.count());
  chunk.raw_bytes = static_cast<std::int64_t>(prepared.lines.all().size());
  if (stream == store::Stream::kHistory) read_facts(prepared);
  chunk.data = compress(prepared.lines);
  return prepared;
}

}  // namespace

Result<Pending> IngestService::prepare(AppendRequest request) {
  RUNSTONE_TRY(find_slot(request.path));  // kNotFound before any work
  Pending pending;
  pending.path = std::move(request.path);
  pending.shared = request.shared;
  pending.writer = std::move(request.writer);
  pending.body_hash = std::move(request.body_hash);
  auto& body = request.body;
  for (auto& [stream, lines] : {std::pair(store::Stream::kHistory, &body.history),
                                std::pair(store::Stream::kEvents, &body.events),
                                std::pair(store::Stream::kConsole, &body.console)}) {
    if (lines->empty()) continue;
    pending.streams.push_back(prepare_stream(stream, std::move(*lines)));
    const auto& made = pending.streams.back();
    pending.bytes += made.chunk.raw_bytes + static_cast<std::int64_t>(made.chunk.data.size());
  }
  if (body.summary) pending.bytes += static_cast<std::int64_t>(body.summary->size());
  pending.flags = std::move(body);
  return pending;
}

bool IngestService::enqueue(Pending& pending) {
  {
    const std::scoped_lock lock(queue_mutex_);
    if (stopping_) return false;
    if (queued_bytes_ > 0 && queued_bytes_ + pending.bytes > options_.queued_bytes_max) {
      return false;
    }
    queued_bytes_ += pending.bytes;
    queue_.push_back(std::move(pending));
  }
  queue_wake_.notify_one();
  return true;
}

Task<Result<AppendAnswer>> IngestService::append(AppendRequest request) {
  ++counts_.requests;
  RUNSTONE_CO_TRY(Pending pending, prepare(std::move(request)));
  const auto done = Completion<Result<AppendAnswer>>::create();
  pending.done = done;
  if (!enqueue(pending)) {
    ++counts_.refused;
    co_return fail(ErrorCode::kResourceExhausted,
                   "the server is busy: too much waits to be stored");
  }
  Result<AppendAnswer> answer = co_await done->wait();
  // The committer must go on with the next transaction; if the pool is full it answers this one
  // too.
  const bool moved = co_await resume_on(pool_);
  static_cast<void>(moved);
  co_return answer;
}

}  // namespace runstone::ingest
