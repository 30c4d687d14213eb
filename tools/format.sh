#!/usr/bin/env bash
# Checks the format of every source (default), or rewrites them (--write).
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t cpp < <(git ls-files --cached --others --exclude-standard '*.h' '*.cc' '*.c')
if [ "${1:-}" = --write ]; then
  clang-format -i "${cpp[@]}"
  .venv/bin/ruff format -q . && .venv/bin/ruff check -q --fix .
  npm --prefix web run --silent format
else
  clang-format --dry-run -Werror "${cpp[@]}"
  .venv/bin/ruff format --check -q .
  .venv/bin/ruff check -q .
  npm --prefix web run --silent check
fi
