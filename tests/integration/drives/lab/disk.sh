# A disk with a file system of the kernel's own, $TYPE, shown at two places; it keeps the homes, too,
# unless they have a disk of their own.
[ "$TYPE" = vfat ] && /run/load vfat
mount -t "$TYPE" /dev/ubda /run/store
mkdir -p /run/store/drive
for at in A B; do mount --bind /run/store/drive "/run/$at"; done
if [ ! -d /run/home ]; then mkdir -p /run/store/home /run/home; mount --bind /run/store/home /run/home; fi
