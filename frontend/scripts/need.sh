#!/bin/sh
# Installs what the console needs from the system's packages where it is missing, and says so.
# Arguments: node (Node.js 20 or newer, npm), chromium (and fonts for Chinese).
set -eu
packages=
for need in "$@"; do
  case $need in
  node) command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || packages="$packages nodejs npm" ;;
  chromium)
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || packages="$packages chromium"
    fc-list 2>/dev/null | grep -qi 'cjk' || packages="$packages fonts-noto-cjk"
    ;;
  esac
done
[ -z "$packages" ] && exit 0
command="apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends$packages"
if [ "$(id -u)" = 0 ]; then run="sh -c"; elif sudo -n true 2>/dev/null; then run="sudo -n sh -c"; else
  echo "console: needs$packages: run  sudo sh -c '$command'  and start again" >&2
  exit 1
fi
echo "console: installing$packages from the system's packages"
$run "$command" >/dev/null
