#pragma once

#include "remote/api_client.h"

namespace runstone::uplink {

using remote::ApiClient;
using remote::Done;
using remote::kRetryAfterMaxUs;
using remote::Outcome;
using remote::parse_retry_after_us;
using remote::RunIdentity;
using remote::StreamAnswer;
using remote::Target;
using remote::Trouble;
using remote::TroubleKind;
using remote::Upload;

}  // namespace runstone::uplink
