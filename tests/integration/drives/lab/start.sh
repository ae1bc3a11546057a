#!/bin/bash
# The first process of the lab machine (see machine.py): the host's files stand read-only at /, what
# is written goes to memory. Mounts one store at /run/A and /run/B as $DRIVE.sh says, lets five
# peers live there (or $PLAY happen), and switches the machine off. A second disk is /run/home.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run/tmp TMPDIR=/run/tmp LANG=C.UTF-8
echo THE LAB IS UP
mount -t proc proc /proc
mount -t sysfs sysfs /sys
for folder in /run /var/log /var/cache /var/lib/samba /var/lib/nfs; do
  [ -d "$folder" ] && mount -t tmpfs memory "$folder"
done
mkdir -p /run/tmp /run/A /run/B /run/store /run/lib/modules /run/samba /run/rpcbind /run/lock
mkdir -p /var/lib/samba/private /var/log/samba /var/cache/samba
mkdir -p /var/lib/nfs/v4recovery /var/lib/nfs/rpc_pipefs /var/lib/nfs/sm
: >/var/lib/nfs/etab; : >/var/lib/nfs/rmtab

# Its kernel's modules are not where modprobe looks; the kernel asks for some by itself.
ln -s "/usr/lib/uml/modules/$(uname -r)" "/run/lib/modules/$(uname -r)"
printf '#!/bin/sh\nexec modprobe -d /run "$@"\n' >/run/load
chmod +x /run/load
echo /run/load >/proc/sys/kernel/modprobe

ip link set lo up
[ -b /dev/ubdb ] && mkdir /run/home && mount /dev/ubdb /run/home
here=$(dirname "$0")
cd "$CHECKOUT" || exit
if . "$here/$DRIVE.sh" && mountpoint -q /run/A && mountpoint -q /run/B; then
  PYTHONPATH=$CHECKOUT PYTHONDONTWRITEBYTECODE=1 \
    "$PYTHON" -m "${PLAY:-tests.integration.drives.inside}" /run/A /run/B "$PATIENCE" ||
    dmesg | tail -20
else
  echo "NOT MOUNTED"
  dmesg | tail -5
fi
sync
echo o >/proc/sysrq-trigger
sleep 10
