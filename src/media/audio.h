#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "media/object.h"

namespace runstone::media {

/// A sample of -1 to 1 as 16 bits; what is beyond is cut.
std::int16_t to_pcm16(double sample);

/// Sound: samples that become a WAV file when it is logged, or a file as it is.
class AudioObject final : public Object {
 public:
  static Result<std::shared_ptr<AudioObject>> of_samples(std::vector<std::int16_t> samples,
                                                         int sample_rate, int channels,
                                                         std::string caption);
  static Result<std::shared_ptr<AudioObject>> of_file(const std::string& path, std::string caption);

  Kind kind() const override { return Kind::kAudio; }
  std::string_view type() const override { return "audio-file"; }
  int sample_rate() const { return sample_rate_; }  ///< 0 of a file
  double duration_secs() const;                     ///< 0 of a file
  const std::string& caption() const { return caption_; }
  Result<std::string> artifact_json(Package& package) override;
  bool same_content(const Object& other) const override;

 protected:
  Result<Value> encode(Sink& sink, const Place& place) override;

 private:
  std::string wav_header() const;
  std::string_view wav_data() const;

  std::vector<std::int16_t> samples_;
  int sample_rate_ = 0, channels_ = 1;
  std::string path_, caption_;
};

}  // namespace runstone::media
