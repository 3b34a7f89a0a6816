#!/bin/sh
# PID 1 of a lab host: builds the host's own view of the file system, then reaps whatever is left to it.
#
# Runs in fresh mount, PID, network, UTS, IPC and cgroup namespaces. The root is an overlay: below, the machine's own
# root (so its programs are there) or that of another release, above, a tmpfs (so that nothing a host does reaches it).
#   $1  folder of the host: skeleton/ (files to lay over), run/ (becomes /run), mnt/ (mount point),
#       cgroup.mounts (lines of: type, mount point, options)
#   $2  folder on a real disk with what survives a reboot
#   $3  name of the host
#   $4  the root below: / or a folder
#   the rest: folders of the lab itself, hidden from its hosts
set -eu
folder=$1 data=$2 name=$3 below=$4
shift 4

# The machine's /proc is still mounted here, so this is the PID as the machine sees it.
# Field 22 is the start time: a PID may be used again, a PID with its start time is not.
identity() {
    read -r stat </proc/self/stat
    set -- $stat
    echo "$1 ${22}"
}
identity >"$folder/init.pid.new"
mv "$folder/init.pid.new" "$folder/init.pid"

hostname "$name"
mount -t tmpfs -o mode=0755 lab "$folder/mnt"
mkdir "$folder/mnt/upper" "$folder/mnt/work" "$folder/mnt/root"
cp -a "$folder/skeleton/." "$folder/mnt/upper/"
root=$folder/mnt/root
mount -t overlay -o "lowerdir=$below,upperdir=$folder/mnt/upper,workdir=$folder/mnt/work" lab "$root"

# An overlay shows one file system: programs on further ones are bound in.
for path in /usr /opt /bin /sbin /lib /lib64; do
    if [ "$below" = / ] && [ ! -L "$path" ] && mountpoint -q "$path"; then mount --bind -o ro "$path" "$root$path"; fi
done
for path in "$@"; do
    if [ -d "$root$path" ]; then mount -t tmpfs -o ro,size=4k lab "$root$path"; fi
done

# What a host keeps over a reboot, and what containerd's own overlays need a real disk for.
for path in /var/lib/containerd /var/lib/cni /var/lib/trimtab /var/log /root /home /srv; do
    mkdir -p "$data$path" "$root$path"
    mount --bind "$data$path" "$root$path"
done

mount --bind "$folder/run" "$root/run"
mkdir -p "$root/run/sshd" "$root/run/lock" "$root/run/trimtab"
mount -t tmpfs -o mode=0700 trimtab "$root/run/trimtab"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
if [ -d "$root/dev/shm" ]; then mount -t tmpfs -o mode=1777 shm "$root/dev/shm"; fi
mount -t sysfs sysfs "$root/sys"
if grep -q '^cgroup ' "$folder/cgroup.mounts"; then mount -t tmpfs -o mode=0755 cgroup "$root/sys/fs/cgroup"; fi
while read -r type path options; do
    mkdir -p "$root$path"
    mount -t "$type" -o "$options" cgroup "$root$path"
done <"$folder/cgroup.mounts"

cd "$root"
pivot_root . .
umount -l .
cd /
mount --make-rshared /

ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
: >/run/lab-ready

# A shell at `wait` reaps every child, also those it did not start.
exec 0</dev/null
while :; do
    sleep 2147483647 &
    wait $! || :
done
