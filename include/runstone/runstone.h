#pragma once

/// Everything a program that logs needs: `#include <runstone/runstone.h>`.
#include "runstone/artifact.h"
#include "runstone/config.h"
#include "runstone/error.h"
#include "runstone/media.h"
#include "runstone/metric.h"
#include "runstone/plot.h"
#include "runstone/result.h"
#include "runstone/row.h"
#include "runstone/run.h"
#include "runstone/settings.h"
#include "runstone/span.h"
#include "runstone/summary.h"
#include "runstone/table.h"
#include "runstone/value.h"
