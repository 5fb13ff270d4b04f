#!/bin/sh
# Inside the course VM: containers whose cards are kmod/vnic's. Prints what test_via_vnic.py judges. Argument: the module.
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
insmod "$1"
# the host's uplink has the name that a container's card is to have
ip link add eth0 type veth peer name far
ip netns add out
ip link set far netns out
ip addr add 192.0.2.1/24 dev eth0
ip link set eth0 up
ip -n out addr add 192.0.2.2/24 dev far
ip -n out link set far up
ip -n out link set lo up
ip route add default via 192.0.2.2
mkdir /tmp/far
echo far >/tmp/far/index.html
ip netns exec out busybox httpd -p 80 -h /tmp/far
cell base box >/dev/null

say() { echo "$1: $(shift; "$@" 2>&1 | tr '\n' ' ')"; }
serve='mkdir -p /srv; hostname >/srv/index.html; exec httpd -f -p 80 -h /srv'
say out cell run --image box --rm --net private,via=vnic sh -c 'cat /sys/class/net/eth0/operstate; wget -q -O - http://192.0.2.2/'
cell run --image box --name web -d --net private,via=vnic -p 8080:80 sh -c "$serve" >/dev/null
say published ip netns exec out busybox sh -c \
	'for i in 1 2 3 4 5; do wget -q -O - http://192.0.2.1:8080/ && break; sleep 1; done'
say name cell run --image box --rm --net private,via=vnic wget -q -O - http://web/
say forwards sh -c 'vnic list --json | grep -c 8080'
cell delete --force web
say left sh -c 'vnic list; ip -br link | grep -c vn0'
say unload rmmod vnic
