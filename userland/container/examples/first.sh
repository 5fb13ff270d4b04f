#!/bin/sh
# What a container is: a process that this kernel shows a world of its own. First one of an image that is made here, of
# busybox alone, and what isolates its process, beside the host's view. Then two on one processor, by shares 100 and 300.
# Then a server and a client that finds it by its name.
#
# Arguments: where explain.txt goes. Needs root, and cgroup v2, as in the course VM.
set -e
out=${1:-.}
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
spin='while :; do :; done'

echo "an image:"
cell base box
echo "its processes, seen from inside:"
cell run --image box --rm --net none --hostname inside sh -c 'hostname; ps; id'

cell run --image box --name one -d --net none --cpuset 0 --memory 64m --pids 20 --sched share:100 sh -c "$spin" 2>&1
cell explain one >"$out/explain.txt"
cell run --image box --name three -d --net none --cpuset 0 --memory 64m --pids 20 --sched share:300 sh -c "$spin" 2>&1
used() { sed -n 's/^usage_usec //p' "/sys/fs/cgroup/cell-$1/cpu.stat"; }
a=$(used one) b=$(used three)
sleep 3
echo "three seconds on one processor: one had $(($(used one) - a)) us, three had $(($(used three) - b)) us"
cell delete --force one three

cell run --image box --name web -d sh -c 'mkdir -p /srv; hostname >/srv/index.html; exec httpd -f -p 80 -h /srv'
echo "whom a container finds by the name web:"
cell run --image box --rm sh -c 'for i in $(seq 50); do wget -q -O - http://web/ && exit; sleep 0.2; done; exit 1' 2>/dev/null
cell delete --force web
echo "left over: $(cell list -q | wc -l) containers, $(find /sys/fs/cgroup -name 'cell-*' | wc -l) groups"
