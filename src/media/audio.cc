#include "media/audio.h"

#include <cmath>

#include "base/try.h"
#include "media/json_fields.h"
#include "media/source_file.h"

namespace runstone::media {
namespace {

constexpr int kBytesPerSample = 2;

void put_le(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

}  // namespace

std::int16_t to_pcm16(double sample) {
  if (!(sample > -1)) return sample <= -1 ? -32768 : 0;  // NaN is silence
  return sample >= 1 ? 32767
                     : static_cast<std::int16_t>(std::min(32767.0, std::nearbyint(sample * 32768)));
}

Result<std::shared_ptr<AudioObject>> AudioObject::of_samples(std::vector<std::int16_t> samples,
                                                             int sample_rate, int channels,
                                                             std::string caption) {
  if (sample_rate <= 0) {
    return fail(ErrorCode::kInvalidArgument, "sample_rate must be a positive number of Hz");
  }
  if (channels <= 0 || channels > 65535 ||
      samples.size() % static_cast<std::size_t>(channels) != 0) {
    return fail(ErrorCode::kInvalidArgument, std::to_string(samples.size()) +
                                                 " samples cannot be shared by " +
                                                 std::to_string(channels) + " channels");
  }
  if (samples.size() > (std::size_t{1} << 31) - 64) {
    return fail(ErrorCode::kInvalidArgument, "a WAV file holds at most 4 GiB; log shorter pieces");
  }
  auto audio = std::make_shared<AudioObject>();
  audio->samples_ = std::move(samples);
  audio->sample_rate_ = sample_rate;
  audio->channels_ = channels;
  audio->caption_ = std::move(caption);
  return audio;
}

Result<std::shared_ptr<AudioObject>> AudioObject::of_file(const std::string& path,
                                                          std::string caption) {
  if (!is_address(path)) {
    RUNSTONE_TRY(find_source_file(path));
  }
  auto audio = std::make_shared<AudioObject>();
  audio->path_ = path;
  audio->caption_ = std::move(caption);
  return audio;
}

double AudioObject::duration_secs() const {
  if (sample_rate_ == 0) return 0;
  return static_cast<double>(samples_.size()) / channels_ / sample_rate_;
}

std::string AudioObject::wav_header() const {
  const auto data_bytes = static_cast<std::uint32_t>(samples_.size() * kBytesPerSample);
  std::string header = "RIFF";
  put_le(header, 36 + data_bytes, 4);
  header += "WAVEfmt ";
  put_le(header, 16, 4);
  put_le(header, 1, 2);  // PCM
  put_le(header, static_cast<std::uint32_t>(channels_), 2);
  put_le(header, static_cast<std::uint32_t>(sample_rate_), 4);
  put_le(header, static_cast<std::uint32_t>(sample_rate_ * channels_ * kBytesPerSample), 4);
  put_le(header, static_cast<std::uint32_t>(channels_ * kBytesPerSample), 2);
  put_le(header, 8 * kBytesPerSample, 2);
  header += "data";
  put_le(header, data_bytes, 4);
  return header;
}

std::string_view AudioObject::wav_data() const {
  return {reinterpret_cast<const char*>(samples_.data()), samples_.size() * kBytesPerSample};
}

Result<std::string> AudioObject::artifact_json(Package& package) {
  PackedFile file;
  if (path_.empty()) {
    RUNSTONE_TRY(file, pack_generated(package, "audio", ".wav", wav_header().append(wav_data())));
  } else {
    RUNSTONE_TRY(file, pack_file(package, "audio", path_));
  }
  return artifact_text_of(type(), file, caption_field(caption_));
}

bool AudioObject::same_content(const Object& other) const {
  if (other.kind() != kind()) return false;
  const auto& audio = static_cast<const AudioObject&>(other);
  return samples_ == audio.samples_ && sample_rate_ == audio.sample_rate_ &&
         channels_ == audio.channels_ && path_ == audio.path_ && caption_ == audio.caption_;
}

Result<Value> AudioObject::encode(Sink& sink, const Place& place) {
  StoredFile file;
  if (!path_.empty()) {
    RUNSTONE_TRY(find_source_file(path_));  // an address has a place in artifacts only
    RUNSTONE_TRY(file, sink.store_file("audio", extension_of(path_), place, path_));
  } else {
    const std::string header = wav_header();
    const std::string_view pieces[] = {header, wav_data()};
    RUNSTONE_TRY(file, sink.store("audio", ".wav", place, pieces));
  }
  Dict fields = fields_of_file(type(), file);
  if (!caption_.empty()) fields.set("caption", caption_);
  return Value(std::move(fields));
}

}  // namespace runstone::media
