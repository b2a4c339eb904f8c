# Run by test/faults/run in a network and a mount namespace of its own: nothing here reaches the machine's own.
set -e
node=$1
folder=$(mktemp -d)
trap 'umount "$folder/full" 2> /dev/null; rm -rf "$folder"' EXIT
ip link set lo up
# 21 ports for everybody.
echo '40000 40020' > /proc/sys/net/ipv4/ip_local_port_range
mkdir "$folder/full"
mount -t tmpfs -o size=64k none "$folder/full"
# A name server that hears and never answers; the one name that is known is localhost.
echo 'nameserver 127.0.0.1' > "$folder/resolv.conf"
mount --bind "$folder/resolv.conf" /etc/resolv.conf
"$node" test/faults/root.ts "$folder/full"
