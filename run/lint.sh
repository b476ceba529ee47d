#!/bin/sh
# Every check that needs no server, all of them even when one complains.
set -u
cd "$(dirname "$0")/.."
export SECRET_KEY=lint DATABASE_URL="postgresql://lint@/lint?host=/nowhere" REDIS_URL=unix:///nowhere
PATH="$PWD/.venv/bin:$PATH"
failed=0
check() { echo "- $1"; shift; "$@" || failed=1; }
check "ruff" ruff check -q .
check "ruff format" ruff format -q --check .
check "djade" sh -c "git ls-files 'templates/*.html' | xargs djade --target-version 6.0 --check"
check "django-upgrade" sh -c "git ls-files '*.py' | xargs django-upgrade --target-version 6.0"
check "import contracts" lint-imports --no-cache
check "mypy" mypy config forms mailings tracking recipients consent demo run benchmarks
check "migrations" python -W ignore manage.py makemigrations --check --dry-run
check "system checks" python manage.py check --fail-level WARNING
[ $failed = 0 ] && echo "Clean."
exit $failed
