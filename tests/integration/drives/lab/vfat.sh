# A FAT disk, as on a memory stick; the kernel's own file system, shown at two places.
/run/load vfat
mount -t vfat /dev/ubda /run/store
for at in A B; do mount --bind /run/store "/run/$at"; done
