"""The cgroup of a pod: made, limited and removed through cgroup files, or as a slice of systemd's."""

import re
from typing import Final

from agent.hosts.link import Link
from agent.model.cgroup import PodCgroup
from agent.ports import Permanent, Temporary

_PATH: Final = re.compile(r"/trimtab(/burstable|/besteffort)?/pod[a-z0-9][a-z0-9-]{6,62}[a-z0-9]")
_SLICE: Final = re.compile(r"trimtab(-burstable|-besteffort)?-pod[a-z0-9][a-z0-9_]{6,62}[a-z0-9]\.slice")
_PAGE_SIZE: Final = re.compile(r"[1-9][0-9]{0,5}[KMG]B")

_FEWEST_SHARES: Final = 2
_MOST_SHARES: Final = 262144
_MOST_WEIGHT: Final = 10_000
_PERIOD: Final = 100_000

# Where each controller is mounted; version 2 has one place for all. A controller that is missing answers nothing.
# A shell reads a byte at a time, and a host of many containers has many mounts: so grep reads them.
_FIND: Final = r"""
unified= cpu= memory= hugetlb= all=
while read -r _ _ _ _ mount rest; do
  case $rest in
  *" - cgroup2 "*) all="$all $mount"; [ -n "$unified" ] || unified=$mount ;;
  *" - cgroup "*)
    all="$all $mount"
    case ,${rest##* }, in *,cpu,*) [ -n "$cpu" ] || cpu=$mount ;; esac
    case ,${rest##* }, in *,memory,*) [ -n "$memory" ] || memory=$mount ;; esac
    case ,${rest##* }, in *,hugetlb,*) [ -n "$hugetlb" ] || hugetlb=$mount ;; esac ;;
  esac
done <<MOUNTS
$(grep -F ' - cgroup' /proc/self/mountinfo)
MOUNTS
[ -n "$cpu$memory" ] && unified=
"""

# What the pods of a tier weigh together, within what the kernel takes.
_WEIGH: Final = r"""
weigh() {
  sum=0
  for each; do read -r one <"$each" && sum=$((sum + one)); done
  [ "$sum" -ge "$least" ] || sum=$least
  [ "$sum" -le "$most" ] || sum=$most
}
"""

# Arguments: the pod's cgroup, shares, weight, quota, period, memory, then page size and limit again and again; -1 is no
# limit. All of ours together weigh what the machine has; the best effort of pods weighs next to nothing, and
# burstable ones weigh as much as they ask for, all together: as a kubelet arranges it.
_SET: Final = (
    _FIND
    + _WEIGH
    + r"""
fail() { echo "cgroup $1: $2" >&2; exit 1; }
put() { echo "$2" >"$1" || fail "$1" "$2 is not taken"; }
path=$1 shares=$2 weight=$3 quota=$4 period=$5 memory_limit=$6
shift 6
if [ -n "$unified" ]; then
  at=$unified rest=${path#/}
  while :; do
    for controller in cpu memory hugetlb pids; do
      echo "+$controller" >"$at/cgroup.subtree_control"
    done 2>/dev/null
    [ -n "$rest" ] || break
    at=$at/${rest%%/*}
    [ -d "$at" ] || mkdir "$at" || exit 1
    case $rest in */*) rest=${rest#*/} ;; *) break ;; esac
  done
  [ "$shares" = 0 ] || put "$at/cpu.weight" "$weight"
  [ "$quota" = -1 ] && quota=max
  put "$at/cpu.max" "$quota $period"
  [ "$memory_limit" = -1 ] && memory_limit=max
  put "$at/memory.max" "$memory_limit"
  while [ $# -gt 0 ]; do put "$at/hugetlb.$1.max" "$2"; shift 2; done
  weights=cpu.weight top=$unified/trimtab least=1 most=10000
else
  for mount in $cpu $memory $hugetlb; do mkdir -p "$mount$path" || exit 1; done
  at=$cpu$path
  [ "$shares" = 0 ] || put "$at/cpu.shares" "$shares"
  put "$at/cpu.cfs_period_us" "$period"
  put "$at/cpu.cfs_quota_us" "$quota"
  put "$memory$path/memory.limit_in_bytes" "$memory_limit"
  while [ $# -gt 0 ]; do put "$hugetlb$path/hugetlb.$1.limit_in_bytes" "$2"; shift 2; done
  weights=cpu.shares top=$cpu/trimtab least=2 most=262144
  echo $(($(nproc) * 1024)) >"$top/cpu.shares"
fi
mkdir -p "$top/besteffort" && echo "$least" >"$top/besteffort/$weights"
if [ -d "$top/burstable" ]; then
  weigh "$top"/burstable/pod*/$weights
  echo "$sum" >"$top/burstable/$weights"
fi 2>/dev/null
:
"""
)

# Arguments: the slice, the path of its cgroup, shares, weight, percent of a CPU, memory, pages as above. A slice needs
# no file, only its properties; what systemd knows no property for is written past it. The tiers weigh what they weigh
# above, and systemd is told only of what changes.
_SET_SLICE: Final = (
    _FIND
    + _WEIGH
    + r"""
tier() {
  { read -r now <"$top/trimtab-$1.slice/$weights"; } 2>/dev/null && [ "$now" = "$2" ] && return
  systemctl set-property --runtime "trimtab-$1.slice" "$property=$2" || exit 1
}
slice=$1 path=$2 shares=$3 weight=$4 percent=$5 memory_limit=$6
shift 6
set_property() { systemctl set-property --runtime "$slice" "$@" || exit 1; }
[ "$percent" = -1 ] && percent= || percent=$percent%
[ "$memory_limit" = -1 ] && memory_limit=infinity
if [ -n "$unified" ]; then
  set_property "CPUQuota=$percent" "MemoryMax=$memory_limit"
  [ "$shares" = 0 ] || set_property "CPUWeight=$weight"
  weights=cpu.weight top=$unified/trimtab.slice least=1 most=10000 property=CPUWeight
else
  set_property "CPUQuota=$percent" "MemoryLimit=$memory_limit"
  [ "$shares" = 0 ] || set_property "CPUShares=$shares"
  weights=cpu.shares top=$cpu/trimtab.slice least=2 most=262144 property=CPUShares
fi
systemctl start "$slice" || exit 1
tier besteffort "$least"
case $slice in trimtab-burstable-*)
  weigh "$top"/trimtab-burstable.slice/trimtab-burstable-pod*.slice/$weights 2>/dev/null
  tier burstable "$sum" ;;
esac
while [ $# -gt 0 ]; do
  if [ -n "$unified" ]; then file=$unified$path/hugetlb.$1.max; else file=$hugetlb$path/hugetlb.$1.limit_in_bytes; fi
  echo "$2" >"$file" || exit 1
  shift 2
done
"""
)

# A cgroup is free a moment after its last process. What is still in use stays, and is told.
_REMOVE: Final = (
    _FIND
    + r"""
for mount in $all; do
  for pause in 0.05 0.1 0.2 0.4 0.8 0; do
    [ -d "$mount$1" ] || break
    rmdir "$mount$1" 2>/dev/null && break
    sleep $pause
  done
  [ ! -d "$mount$1" ] || { echo "$mount$1 is still in use" >&2; exit 1; }
done
"""
)
_REMOVE_SLICE: Final = 'systemctl stop "$1" && systemctl revert "$1" || exit 1'


def set_cgroup(link: Link, cgroup: PodCgroup) -> None:
    """Make a pod's cgroup and write its limits; a limit that is unset is lifted. Raises PortError."""
    parent = _checked(cgroup.parent)
    period = cgroup.cpu_period or _PERIOD
    pages = [text for each in cgroup.hugepage_limits for text in (_page_size(each.page_size), str(each.limit))]
    memory = str(cgroup.memory_limit_in_bytes or -1)
    shares, weight = str(cgroup.cpu_shares), str(weight_of(cgroup.cpu_shares))
    if parent.endswith(".slice"):
        percent = str(-(-cgroup.cpu_quota * 100 // period)) if cgroup.cpu_quota > 0 else "-1"
        done = link.quick(_SET_SLICE, parent, path_of_slice(parent), shares, weight, percent, memory, *pages)
    else:
        quota = str(cgroup.cpu_quota or -1)
        done = link.quick(_SET, parent, shares, weight, quota, str(period), memory, *pages)
    if done.code:
        raise Temporary(f"the pod's cgroup cannot be set: {done.error[:300]}")


def remove_cgroup(link: Link, parent: str) -> None:
    """Remove a pod's own cgroup, which has to be empty. Raises PortError."""
    script = _REMOVE_SLICE if _checked(parent).endswith(".slice") else _REMOVE
    done = link.quick(script, parent)
    if done.code:
        raise Temporary(f"the pod's cgroup cannot be removed: {done.error[:300]}")


def weight_of(shares: int) -> int:
    """Return the cgroup v2 weight of cgroup v1 shares, as runc converts them."""
    shares = min(max(shares, _FEWEST_SHARES), _MOST_SHARES)
    return 1 + (shares - _FEWEST_SHARES) * (_MOST_WEIGHT - 1) // (_MOST_SHARES - _FEWEST_SHARES)


def path_of_slice(name: str) -> str:
    """Return where systemd keeps a slice: each dash of its name is a level (``a-b.slice``: /a.slice/a-b.slice)."""
    parts = name.removesuffix(".slice").split("-")
    return "".join(f"/{'-'.join(parts[:depth])}.slice" for depth in range(1, len(parts) + 1))


def _checked(parent: str) -> str:
    if not (_PATH.fullmatch(parent) or _SLICE.fullmatch(parent)):
        raise Permanent(f"{parent[:200]!r} is not the cgroup of a pod of trimtab's")
    return parent


def _page_size(size: str) -> str:
    if not _PAGE_SIZE.fullmatch(size):
        raise Permanent(f"{size[:40]!r} is no size of huge pages")
    return size
