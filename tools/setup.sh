# setup.sh - what try.sh and test.sh share: the packages that a build needs, and the build.  (Sourced.)
# shellcheck shell=bash

# Package, and a probe that succeeds where it is present: a command on the path, a <header>, or a library by its pkg-config name.
packages=(
  'gcc cc'
  'libc6-dev <stdlib.h>'
  'flex flex'
  'bison bison'
  'meson meson'
  'ninja-build ninja'
  'pkg-config pkg-config'
  'check =check'
  'libjansson-dev =jansson'
  'libcsv-dev <csv.h>'
  'tcc tcc'
)

say() { printf '\n== %s\n' "$*"; }

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 3
}

is_present() {
  case $1 in
  '<'*) printf '#include %s\n' "$1" | cc -E - > /dev/null 2>&1 ;;
  =*) pkg-config --exists "${1#=}" 2> /dev/null ;;
  *) command -v "$1" > /dev/null 2>&1 ;;
  esac
}

# Sets `missing` to the packages that are.
find_missing() {
  local row
  missing=()
  for row in "${packages[@]}"; do
    is_present "${row#* }" || missing+=("${row%% *}")
  done
}

install_missing() {
  local missing as_root=()
  find_missing
  if ((${#missing[@]} == 0)); then
    say 'All that the build needs is installed'
    return
  fi
  command -v apt-get > /dev/null || fail "there is no apt-get here; please install: ${missing[*]}"
  if ((EUID != 0)); then
    command -v sudo > /dev/null || fail "please install, as root: ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing what is missing: ${missing[*]}"
  "${as_root[@]}" apt-get update -q < /dev/null || fail 'apt-get update failed'
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}" < /dev/null || fail 'apt-get install failed'
  find_missing
  ((${#missing[@]} == 0)) || fail "still missing after the installation: ${missing[*]}"
}

# Installs what is missing, configures build/ (where that has not been done) and builds.
set_up() {
  install_missing
  if [[ ! -f build/build.ninja ]]; then
    say 'Configuring build/'
    rm -rf build
    meson setup build < /dev/null
  fi
  say 'Building'
  meson compile -C build < /dev/null
}
