# A Samba server and two mounts by the kernel's client, each with a connection and cache of its own.
/run/load cifs
[ -b /dev/ubda ] && mount /dev/ubda /run/store
mkdir -m 777 /run/store/drive
cat >/run/smb.conf <<'END'
[global]
server role = standalone server
interfaces = 127.0.0.1
bind interfaces only = yes
smb ports = 445
disable netbios = yes
load printers = no
pid directory = /run/samba
lock directory = /run/samba
ncalrpc dir = /run/samba/ncalrpc
private dir = /var/lib/samba/private
state directory = /var/lib/samba
cache directory = /var/cache/samba
log file = /var/log/samba/log
[drive]
path = /run/store/drive
read only = no
END
printf '%s\n' lab lab | smbpasswd -c /run/smb.conf -s -a root >/dev/null
smbd -D -s /run/smb.conf
for try in 1 2 3 4 5 6 7 8 9 10; do
  mount -t cifs //127.0.0.1/drive /run/A \
    -o vers=3.1.1,username=root,password=lab,nosharesock 2>/dev/null && break
  sleep 0.5
done
mount -t cifs //127.0.0.1/drive /run/B -o vers=3.1.1,username=root,password=lab,nosharesock
# At times its smbd serves one mount nothing for 5 s to a minute, while it sleeps in epoll_wait and all
# requests wait: a wakeup between its processes was lost. A tick ends itself then.
export STALLS=3
export FREEZE='pkill -STOP smbd' THAW='pkill -CONT smbd'
export SMB=root:lab@127.0.0.1:445/drive
