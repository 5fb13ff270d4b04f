# Three containers, 3:2:1: each a shell with namespaces and a cgroup of its own, joined by the path of the
# cgroup. All that it starts later is in the group too.
# What to see: the middle one starts five tasks, the others one each. A group's part does not depend on that.
for weight in 3 2 1; do
	cgroup=/sys/fs/cgroup/c$weight
	mkdir -p $cgroup
	csched create c$weight --weight ${weight}00 --cpus 0
	tasks=$([ $weight = 2 ] && echo 5 || echo 1)
	unshare --pid --uts --mount --fork sh -c "
		hostname c$weight
		sleep 0.5
		for i in \$(seq $tasks); do workload spin & done
		wait" &
	sleep 0.2
	echo $! >$cgroup/cgroup.procs
	for child in $(cat /proc/$!/task/$!/children); do
		echo $child >$cgroup/cgroup.procs
	done
	csched add c$weight --cgroup $cgroup
done
sleep 7
