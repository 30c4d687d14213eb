#pragma once

#include <cstdio>
#include <cstdlib>

// A bug in Runstone itself, never the user's doing. In the server it ends the process (the journal
// of every client and the store are durable, so a restart loses nothing); the SDK's own threads
// check state instead and stop recording, since a tracker must not end a training.
#define RUNSTONE_ASSERT(condition)                                                        \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "runstone: %s:%d: broken invariant: %s\n", __FILE__, __LINE__, \
                   #condition);                                                           \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)
