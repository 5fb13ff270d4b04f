# Lottery against share. Weights 3:1 on CPU 0, first with each slot given to the group that is due it, then
# with each slot drawn by lot.
# What to see: on average both give 3:1. The lag of share stays within a slot; that of the lottery wanders
# as a random walk does. (Waldspurger and Weihl, OSDI 1994)
for policy in share lottery; do
	phase $policy
	csched create three --policy $policy --weight 300 --cpus 0
	csched create one --policy $policy --weight 100 --cpus 0
	csched run three -- workload spin &
	pids=$!
	csched run one -- workload spin &
	pids="$pids $!"
	sleep 8
	csched rm three one
	kill $pids
done
