# shellcheck shell=bash
# A user's systemd in namespaces of its own, until standard input ends: for tests, as root.
#
# It has no capability, as a user's has none; but here what would take one from its units
# (CapabilityBoundingSet=) finds it gone, and works. Its group of processes is named by $1.
set -euo pipefail
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR"  # systemd looks whether systemd runs
mount -t cgroup2 cgroup2 /sys/fs/cgroup
group=/sys/fs/cgroup/$1
mkdir -p "$group/manager"
(
  echo "$BASHPID" >"$group/manager/cgroup.procs"
  exec setpriv --bounding-set -all --inh-caps -all \
    /lib/systemd/systemd --user </dev/null
) &
read -r _ || true
echo 1 >"$group/cgroup.kill"
while grep -q 'populated 1' "$group/cgroup.events"; do sleep 0.1; done
find "$group" -depth -type d -exec rmdir {} +
