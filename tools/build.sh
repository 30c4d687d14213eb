#!/usr/bin/env bash
# Configures if needed and builds one preset; quiet when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
build=build/$preset
want=$(cat CMakePresets.json tools/requirements-dev.txt | sha256sum | cut -c1-16)
if [ ! -f "$build/build.ninja" ] || [ "$(cat "$build/.configured" 2>/dev/null)" != "$want" ]; then
  cmake --preset "$preset" -DPython_EXECUTABLE="$PWD/.venv/bin/python" >/dev/null
  echo "$want" > "$build/.configured"
fi
cmake --build "$build" -j "${RUNSTONE_JOBS:-2}" -- --quiet
