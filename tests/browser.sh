#!/bin/sh
# Sees that there is a browser for the tests of the pages: if none is here and this user may, installs
# Debian's chromium. Without one the tests are skipped, in CI they fail. Exits with 0 either way.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" > /dev/null; then exit 0; fi
done
without() {
  echo "no browser: $1; the tests of pages in a browser are skipped (in CI they fail)"
  exit 0
}
command -v apt-get > /dev/null || without "there is no apt-get to install chromium with"
if [ "$(id -u)" = 0 ]; then
  root=""
elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
  root="sudo -n"
else
  without "apt-get install chromium needs root"
fi
echo "installing chromium, in which the pages are tested"
$root apt-get update -qq && $root apt-get install -y -qq --no-install-recommends chromium > /dev/null ||
  without "chromium could not be installed"
