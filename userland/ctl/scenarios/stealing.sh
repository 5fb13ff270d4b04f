# Cycle stealing. A thief and a victim of equal weight on CPU 0. Under accounting=tick whoever runs when the
# tick comes pays for all of the tick; the thief is asleep just then. (Zhou et al., arXiv 1103.0759)
# What to see: sampled, the thief gets more than its half and pays for little; exact accounting ends that.
steal() {
	csched create thief --policy credit --weight 256 --cpus 0 --slot 30ms --accounting "$1"
	csched create victim --policy credit --weight 256 --cpus 0 --slot 30ms --accounting "$1"
	csched run victim -- workload spin &
	pids=$!
	csched run thief -- workload steal thief 10 &
	pids="$pids $!"
	sleep 7
	csched rm thief victim
	kill $pids
}
phase "accounting=tick"
steal tick
phase "accounting=exact"
steal exact
