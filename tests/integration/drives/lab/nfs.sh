# The kernel's NFS server over a disk of its own (memory cannot be exported), mounted twice by the
# kernel's client, each with a cache of its own. $VERSION is 4.2 or 3.
for module in nfsd nfs nfsv3 nfsv4; do /run/load "$module"; done
mount /dev/ubda /run/store
mkdir -m 777 /run/store/drive
mount -t nfsd nfsd /proc/fs/nfsd
rpcbind
sleep 0.5
echo 10 >/proc/fs/nfsd/nfsv4leasetime
echo 10 >/proc/fs/nfsd/nfsv4gracetime
exportfs -i -o rw,sync,no_root_squash,no_subtree_check,insecure,fsid=0 127.0.0.1:/run/store/drive
rpc.nfsd --host 127.0.0.1 4
rpc.mountd --port 20048
echo Y >/proc/fs/nfsd/v4_end_grace
if [ "$VERSION" = 3 ]; then
  from=/run/store/drive options=vers=3,tcp,nolock,port=2049,mountport=20048
else
  from=/ options=vers=$VERSION
fi
for at in A B; do
  mount -t nfs "127.0.0.1:$from" "/run/$at" -o "$options,nosharecache"
done
export FREEZE='rpc.nfsd 0' THAW='rpc.nfsd --host 127.0.0.1 4'
