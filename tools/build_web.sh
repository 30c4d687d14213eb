#!/usr/bin/env bash
# Builds the pages into web/dist if any of their sources is newer.
set -euo pipefail
cd "$(dirname "$0")/../web"
stamp=dist/.built
if [ -f "$stamp" ] && [ -z "$(find src public index.html package.json package-lock.json vite.config.ts \
                                tsconfig*.json -newer "$stamp" -print -quit 2>/dev/null)" ]; then
  exit 0
fi
npm run --silent build
touch "$stamp"
