# What the scripts of ci/ share: packages, build trees, test runs. Sourced by them, from bash.
# shellcheck shell=bash
set -euo pipefail
exec </dev/null
umask 022
export LC_ALL=C.UTF-8

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cores=$(nproc)
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # where distributions keep tcpdump, dnsmasq and iptables
readonly nobody=65534                      # the unprivileged user that root becomes; needs no account
scratch=                                   # files of this run only; made on demand, removed at its end

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

is_root() { [[ $EUID -eq 0 ]]; }

# stage <title>: a heading; the stage before it gets its time.
stage_title=
stage() {
  end_stage
  stage_title=$1 stage_start=$SECONDS
  printf '\n== %s\n' "$1"
}
end_stage() {
  if [[ $stage_title ]]; then printf -- '-- %s: %d s\n' "$stage_title" $((SECONDS - stage_start)); fi
  stage_title=
}

cleanup() {
  local status=$?
  if [[ $scratch ]]; then rm -rf -- "$scratch"; fi
  return "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# A folder that everyone can reach and only this run uses, with a folder for temporary files for each of the users that
# run tests. Each owns its own: root without its capabilities, as in a new user namespace, cannot enter that of `nobody`.
make_scratch() {
  if [[ $scratch ]]; then return; fi
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/netrig.XXXXXX")
  chmod 755 "$scratch"
  mkdir -m 700 "$scratch/home" "$scratch/root"
  if is_root; then chown "$nobody:$nobody" "$scratch/home"; fi
}

# as_tester <command>...: runs it as an unprivileged user: the one we are, or `nobody` for root.
as_tester() {
  make_scratch
  local environment=(HOME="$scratch/home" TMPDIR="$scratch/home")
  if is_root; then
    environment+=(USER=nobody LOGNAME=nobody)
    setpriv --reuid="$nobody" --regid="$nobody" --clear-groups --inh-caps=-all env "${environment[@]}" "$@"
  else
    env "${environment[@]}" "$@"
  fi
}

# --- packages ---------------------------------------------------------------------------------------------------------

# packages <family> <purpose>...: one a line; `a|b` means the first that this release has.
packages() {
  local family=$1 purpose
  shift
  for purpose in "$@"; do
    case $family-$purpose in
      apt-build)
        # Compiler and build tools; then the libraries, in the order of framework/cmake/NetrigOptions.cmake.
        printf '%s\n' g++ cmake ninja-build pkg-config \
          libfmt-dev 'libboost1.81-dev|libboost-dev' nlohmann-json3-dev libnl-3-dev libnl-route-3-dev libmnl-dev \
          libnftnl-dev libnftables-dev libgtest-dev libgmock-dev libbenchmark-dev libcli11-dev
        ;;
      dnf-build)
        printf '%s\n' gcc-c++ cmake ninja-build pkgconf-pkg-config \
          fmt-devel boost-devel json-devel libnl3-devel libmnl-devel \
          libnftnl-devel nftables-devel gtest-devel gmock-devel google-benchmark-devel cli11-devel
        ;;
      apt-tools)
        # The tools against which the suites check the rig, and the servers that they run.
        printf '%s\n' iproute2 iputils-ping ethtool iptables nftables conntrack tcpdump dnsmasq-base bind9-dnsutils curl iperf3 netcat-openbsd \
          python3 procps uidmap util-linux
        ;;
      dnf-tools)
        printf '%s\n' iproute iputils ethtool iptables-nft nftables conntrack-tools tcpdump dnsmasq bind-utils curl iperf3 netcat python3 procps-ng shadow-utils util-linux
        ;;
      apt-hunt) printf '%s\n' stress-ng ;;
      dnf-hunt) printf '%s\n' stress-ng ;;
      apt-lint) printf '%s\n' clang-19 clang-tidy-19 clang-format-19 ;;
      dnf-lint) printf '%s\n' clang clang-tools-extra ;;
      apt-sanitize) printf '%s\n' clang-19 libclang-rt-19-dev llvm-19 lld-19 ;;
      dnf-sanitize) printf '%s\n' clang compiler-rt llvm lld ;;
    esac
  done
}

is_installed() {
  case $1 in
    apt) dpkg-query -W -f '${db:Status-Abbrev}' "$2" 2>/dev/null | grep -q '^ii' ;;
    dnf) rpm -q --quiet --whatprovides "$2" ;;
  esac
}

# first_of <family> <a|b>: the first name that this release knows; the last one when it knows none.
first_of() {
  local name names
  IFS='|' read -ra names <<<"$2"
  for name in "${names[@]}"; do
    if [[ $1 == dnf || ${#names[@]} -eq 1 ]] || apt-cache show "$name" &>/dev/null; then break; fi
  done
  printf '%s\n' "$name"
}

missing_packages() {
  local family=$1 wanted name found
  while read -r wanted; do
    found=
    IFS='|' read -ra names <<<"$wanted"
    for name in "${names[@]}"; do
      if is_installed "$family" "$name"; then found=1; fi
    done
    if [[ ! $found ]]; then printf '%s\n' "$wanted"; fi
  done < <(packages "$@" | sort -u)
}

# as_root <command>...: runs it as root, by sudo when we are not. Asks for a password only on a terminal.
as_root() {
  if is_root; then
    "$@"
  elif ! command -v sudo >/dev/null; then
    die "needs root, and there is no sudo: run \`$*\` as root, or give --no-install"
  elif [[ -r /dev/tty && -t 2 ]]; then
    sudo "$@" </dev/tty
  else
    sudo -n "$@" || die "needs root: run \`sudo $*\`, or give --no-install"
  fi
}

# install_packages <purpose>...: installs what is missing and says what that is.
install_packages() {
  local family missing name names=()
  if command -v apt-get >/dev/null; then
    family=apt
  elif command -v dnf >/dev/null; then
    family=dnf
  else
    die "knows apt and dnf only: install the packages of packages() in ci/lib.sh by other means, then give --no-install"
  fi
  mapfile -t missing < <(missing_packages "$family" "$@")
  if [[ ${#missing[@]} -eq 0 ]]; then
    echo "all packages are installed ($*)"
    return
  fi
  echo "to install: ${missing[*]}"
  if [[ $family == apt ]]; then
    as_root apt-get update -q || echo "the package lists could not be renewed; trying with those that are there"
  fi
  for name in "${missing[@]}"; do names+=("$(first_of "$family" "$name")"); done
  case $family in
    apt) as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${names[@]}" ;;
    dnf) as_root dnf install -y -q --setopt=install_weak_deps=False "${names[@]}" ;;
  esac
}

# setup <purpose>...: packages for these purposes, unless `no_install` is set.
setup() {
  stage "Packages: $*"
  if [[ ${no_install:-} ]]; then
    echo "skipped (--no-install)"
  else
    install_packages "$@"
  fi
}

# --- build trees ------------------------------------------------------------------------------------------------------

# build_tree <preset> [cmake option]...: configures and builds; sets `tree`. That is build/<preset>, or, where the
# unprivileged user could not reach it (a clone in /root), a folder that lives as long as this run. `goals` says what to
# build where that is not everything.
goals=()
build_tree() {
  local preset=$1
  shift
  make_scratch
  tree=$root/build/$preset
  if is_root && ! as_tester test -r "$root/CMakeLists.txt"; then
    tree=$scratch/$preset
    echo "an unprivileged user cannot reach $root: building in $tree"
  fi
  local launcher=()
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  (cd "$root" && cmake --preset "$preset" -B "$tree" "${launcher[@]}" "$@" >"$scratch/configure.log" 2>&1) || {
    cat "$scratch/configure.log"
    die "configuring $preset failed"
  }
  grep -E '^-- The CXX compiler identification|Warning' "$scratch/configure.log" || true
  cmake --build "$tree" -j "$cores" "${goals[@]/#/--target=}"
}

# compiler_options: cmake options that select clang 19 where it is there, so that each run proves both compilers.
compiler_options() {
  if command -v clang++-19 >/dev/null; then echo -DCMAKE_CXX_COMPILER=clang++-19; fi
}

# clang_tool <name>: clang-tidy-19 and the like; where packages carry no version in their name, that one.
clang_tool() {
  command -v "$1-19" || command -v "$1" || die "$1 is not installed; run without --no-install"
}

# --- test runs --------------------------------------------------------------------------------------------------------

# run_tests <name> <tester|root> [ctest option]...: runs ctest in `tree` and judges the run. The results (ctest's log,
# GoogleTest's XML) are kept in build/results/<name>.
run_tests() {
  local name=$1 who=$2 results=$root/build/results/$1 status=0 run=()
  shift 2
  make_scratch
  if [[ $who == tester ]]; then run=(as_tester); else run=(env "TMPDIR=$scratch/root"); fi
  rm -rf -- "$tree/test-results" "$results"
  mkdir -p "$tree/Testing" "$tree/test-results" "$results"
  if is_root; then chown -R "$([[ $who == tester ]] && echo "$nobody:$nobody" || echo 0:0)" "$tree/Testing" "$tree/test-results"; fi

  "${run[@]}" ctest --test-dir "$tree" --no-tests=error --output-on-failure -j $((4 * cores)) "$@" 2>&1 |
    tee "$results/ctest.log" || status=$?
  cp -r "$tree/test-results/." "$results/"
  give_back "$results" "$tree"
  if [[ $status -ne 0 ]]; then die "$name: ctest failed (status $status); its log is $results/ctest.log"; fi
  check_skips "$results" "${run[@]}"
  check_suite_names "$results"
  check_nothing_left
}

# Whatever root made below a clone belongs to the clone's owner.
give_back() {
  if is_root; then chown -R --reference="$root" -- "$@" "$root/build"; fi
}


# Fails on a test that did not run, unless ci/expected-skips lists it and this host really lacks what it needs.
check_skips() {
  local results=$1 test reason bad=0
  shift
  while IFS= read -r test; do
    reason=$(find "$results" -name "*.xml" -exec awk -f "$root/ci/results.awk" -v report=skip -v test="$test" {} +)
    if is_expected_skip "$test" "$reason" "$@"; then
      echo "skipped, as expected on this host: $test: $reason"
    else
      echo "UNEXPECTED SKIP: $test: ${reason:-no reason given}"
      bad=1
    fi
    if ! "$root/ci/check-skips" --reason "$reason"; then
      echo "A SKIP WITHOUT AN ID OF framework/doctor/need.cc: $test: ${reason:-no reason given}"
      bad=1
    fi
  done < <(sed -n 's/^\t *[0-9]* - \(.*\) (\(Skipped\|Disabled\|Not Run\))$/\1/p' "$results/ctest.log")
  if [[ $bad -ne 0 ]]; then die "a test did not run, and ci/expected-skips does not allow that here, or its reason cites no id"; fi
}

# is_expected_skip <test> <reason> <run as>...
is_expected_skip() {
  local test=$1 reason=$2 pattern why probe
  shift 2
  while IFS='|' read -r pattern why probe; do
    pattern=${pattern//[[:space:]]/} why=${why#"${why%%[![:space:]]*}"} why=${why%"${why##*[![:space:]]}"}
    if [[ ! $pattern || $pattern == '#'* ]]; then continue; fi
    if [[ $test =~ ^($pattern)$ && $reason =~ $why ]] && ! "$@" bash -c "$probe" &>/dev/null; then return 0; fi
  done <"$root/ci/expected-skips"
  return 1
}

# Test suites of the same name in two programs would hide each other in the pages of CI systems.
check_suite_names() {
  local twice
  twice=$(cd "$1" && find . -name '*.xml' -exec awk -f "$root/ci/results.awk" -v report=suites {} + | sort -u |
    cut -d ' ' -f 1 | uniq -d)
  if [[ $twice ]]; then die "test suites of the same name in two programs: $twice"; fi
}

# Tests leave no file where they may write.
check_nothing_left() {
  local left
  left=$(find "$scratch/home" "$scratch/root" -mindepth 1)
  if [[ $left ]]; then die "the tests left files behind: $left"; fi
}
