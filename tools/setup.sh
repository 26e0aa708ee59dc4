#!/usr/bin/env bash
# From a bare Debian 12 (python3, git, make) to everything gisrisk needs; quick when it is all there already.
#   tools/setup.sh run    what running needs: PostGIS, Chinese fonts, node/npm, .venv, front-end libraries
#   tools/setup.sh test   the same and Chromium, poppler and GDAL tools for the tests
# Exit 4: a system package is missing and cannot be installed from here; the message says exactly what to run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
purpose=${1:-run}

say() { printf '\033[1m[setup]\033[0m %s\n' "$*" >&2; }

# ---- system packages: each is asked for by what it must provide, so that other ways of installing it count too
has_python() { python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
has_postgis() {
  local dir
  for dir in "${GISRISK_PG_BINDIR:-}" "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
             /opt/homebrew/bin /usr/local/bin "${CONDA_PREFIX:-/nonexistent}/bin"; do
    [ -n "$dir" ] && [ -x "$dir/initdb" ] && [ -f "$("$dir/pg_config" --sharedir 2>/dev/null || echo "/usr/share/postgresql/$(basename "$(dirname "$dir")")")/extension/postgis.control" ] && return 0
  done
  return 1
}
has_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ]; }
has_chromium() { command -v chromium >/dev/null || command -v google-chrome >/dev/null; }
has_npm() { command -v node >/dev/null && command -v npm >/dev/null; }

missing=()
has_python || missing+=(python3-venv)
if [ -z "${GISRISK_DATABASE_URL:-}" ] || [ "$purpose" = test ]; then has_postgis || missing+=(postgresql-15-postgis-3); fi
has_font || missing+=(fontconfig fonts-noto-cjk)
# npm is only asked for while the front-end libraries are not there yet
{ [ -f web/static/vendor/.stamp ] || has_npm; } || missing+=(nodejs npm)
if [ "$purpose" = test ]; then
  has_chromium || missing+=(chromium)
  command -v pdftotext >/dev/null || missing+=(poppler-utils)
  command -v ogr2ogr >/dev/null || missing+=(gdal-bin)
fi

if [ ${#missing[@]} -gt 0 ]; then
  say "system packages missing: ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    say "this is no Debian/Ubuntu system. Install the equivalents of: ${missing[*]} (PostGIS server binaries 3.1 or newer) and run make again."
    exit 4
  fi
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo true; }; }; then
      as_root=(sudo)
    else
      say "they cannot be installed without root. Please run:"
      say "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
      say "and then run make again."
      exit 4
    fi
  fi
  export DEBIAN_FRONTEND=noninteractive
  # Debian's postgresql package starts a server of its own on a TCP port; we only want the binaries.
  if [[ " ${missing[*]} " == *" postgresql"* ]] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    "${as_root[@]}" mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  "${as_root[@]}" apt-get update -qq || say "apt-get update failed; trying with the package lists that are there"
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
    say "apt-get could not install: ${missing[*]}"
    say "Look at the message above; on Debian 12 or Ubuntu 24.04 this works: sudo apt-get install -y ${missing[*]}"
    exit 4
  fi
fi

# ---- virtual environment: rebuilt only when the pins or the project file change
stamp=.venv/.gisrisk-setup
want=$(cat requirements.lock pyproject.toml | sha256sum | cut -c1-32)
if [ ! -x .venv/bin/python ] || [ "$(cat "$stamp" 2>/dev/null || true)" != "$want" ]; then
  if [ ! -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "making the virtual environment .venv"
    rm -rf .venv
    python3 -m venv .venv
  fi
  say "installing the pinned Python packages (a few minutes the first time)"
  .venv/bin/python -m pip install -q --require-hashes -r requirements.lock
  .venv/bin/python -m pip install -q --no-deps --no-build-isolation -e .
  echo "$want" > "$stamp"
fi

# ---- front-end libraries
.venv/bin/python tools/vendor_web.py
