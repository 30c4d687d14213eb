#!/bin/sh
# find_package(runstone): installs the built SDK below a temporary prefix, then builds and runs a program
# that knows nothing of this tree. Usage: test_install.sh BUILD_DIRECTORY
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --component sdk --prefix "$work/prefix" >"$work/install.log"
cp -r "$here/program" "$work/program"
cmake -S "$work/program" -B "$work/out" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/configure.log"
cmake --build "$work/out" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
cd "$work"
env -u RUNSTONE_BASE_URL -u WANDB_BASE_URL RUNSTONE_MODE=offline RUNSTONE_SILENT=true "$work/out/outside"
test -s "$work"/runstone/latest-run/files/config.yaml
echo "install: passed"
