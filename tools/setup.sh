# shellcheck shell=bash
# Shell functions shared by tools/check, demo and gpu-check (sourced by bash): packages, configuring, building.
# The caller stands in the root of the tree.

# The Debian and Ubuntu packages that a build needs. ccache is used when it is there.
packages=(
  cmake ninja-build g++ python3                                   # the build and its scripts
  clang-19 lld-19 libclang-rt-19-dev clang-format-19              # compiler, linker, sanitizers, style
  llvm-19-dev llvm-19-tools libmlir-19-dev mlir-19-tools          # LLVM and MLIR; lit and FileCheck; mlir-tblgen
  zlib1g-dev libcli11-dev nlohmann-json3-dev catch2               # .npz files; the tools' arguments and reports; tests
  xz-utils                                                        # archives of gpu-pack
  gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user           # tests of cross-compiled libraries, under an emulator
)

say() { printf '\n== %s\n' "$*"; }

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "needs root to install packages; run as root: $*"
  fi
}

# Prints those of the given packages that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || echo "$package"
  done
}

# Prints those of the given packages that apt cannot install.
unavailable_packages() {
  local package policy
  for package in "$@"; do
    policy=$(LC_ALL=C apt-cache policy "$package" 2>/dev/null)
    [[ $policy =~ Candidate:\ [^\(] ]] || echo "$package" # no pipe: with pipefail one that ends early is a failure
  done
}

# Installs what is missing; nothing is asked of the network when nothing is.
install_packages() {
  local missing unavailable
  command -v dpkg-query >/dev/null ||
    fail "knows only Debian and Ubuntu; install what these packages hold: ${packages[*]}"
  mapfile -t missing < <(missing_packages "${packages[@]}")
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  as_root apt-get update -q || say "apt-get update failed: going on with what apt knows"
  mapfile -t unavailable < <(unavailable_packages "${missing[@]}")
  [ ${#unavailable[@]} = 0 ] || fail "apt has no package ${unavailable[*]}. Debian 12 (12.10 and later), Debian 13" \
    "and Ubuntu 24.04 (component universe) carry LLVM 19; elsewhere add the repository for it as" \
    "https://apt.llvm.org describes, then run this again."
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" ||
    fail "apt could not install ${missing[*]}"
}

# How many compilers may run at once: one per processor, and 1.5 GB of memory for each.
jobs_at_once() {
  local processors gigabytes
  processors=$(nproc)
  gigabytes=$(awk '/^MemAvailable/ { print int($2 / 1.5e6) }' /proc/meminfo)
  [ "$gigabytes" -ge 1 ] || gigabytes=1
  echo $((processors < gigabytes ? processors : gigabytes))
}

# build_preset <preset> [<target>…]: configures build/<preset> and builds the targets (all of them by default).
build_preset() {
  local preset=$1
  shift
  # What an interrupted or unlucky configuration has left in its cache would fail for ever: once more from nothing.
  cmake --preset "$preset" >"build/$preset.configure.log" 2>&1 ||
    cmake --fresh --preset "$preset" >"build/$preset.configure.log" 2>&1 ||
    { cat "build/$preset.configure.log"; return 1; }
  cmake --build --preset "$preset" -j "$(jobs_at_once)" ${1:+--target "$@"}
}
