#!/bin/sh
# Inside the course VM: cell on pure cgroup v2, without and with credit_sched. Each `t NAME COMMAND` leaves NAME.out, NAME.err
# and NAME.code in /out; judges nothing, test_in_vm.py does. Arguments: the module,
# the bundle, cell.
module=$1
bundle=$2
cell=$3
cd /out || exit 1
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup

t() {
	name=$1
	shift
	"$@" >"$name.out" 2>"$name.err" </dev/null
	echo $? >"$name.code"
}

# CPU time that a container has had, in microseconds.
used() {
	sed -n 's/^usage_usec //p' "/sys/fs/cgroup/cell-$1/cpu.stat"
}

now() {
	cut -d ' ' -f 1 /proc/uptime
}

# measure NAME SECONDS CONTAINER...: how much each gets, one line each; and how long it took, since we, too, wait for the CPU.
measure() {
	name=$1
	seconds=$2
	shift 2
	began=$(now)
	for c; do
		eval "before_$c=$(used "$c")"
	done
	sleep "$seconds"
	for c; do
		eval "echo $c \$(($(used "$c") - before_$c))"
	done >"$name.used"
	echo "$began $(now)" >"$name.time"
}

without_module() {
	t fallback "$cell" run -d -b "$bundle" --sched share:300 fallback
	cat /sys/fs/cgroup/cell-fallback/cpu.weight >fallback.weight
	# A cap is an upper bound: who has the CPU to himself reaches it.
	"$cell" delete --force fallback
	t fallback_credit "$cell" run -d -b "$bundle" --sched credit:cap=20,burst=1s fallback2
	cat /sys/fs/cgroup/cell-fallback2/cpu.max >fallback.max
	measure fallback 5 fallback2
	t fallback_delete "$cell" delete --force fallback2
}

by_share() {
	t share_small "$cell" run -d -b "$bundle" --sched share:100 small
	t share_large "$cell" run -d -b "$bundle" --sched share:300 large
	sleep 1
	measure share 10 small large
	t explain "$cell" explain large
	t conflict "$cell" run -d -b "$bundle" --sched credit conflict
	t conflict_list "$cell" list -q
	t share_delete "$cell" delete --force small large
	# The name is free again, or this fails.
	t again "$cell" create -b "$bundle" --sched share:200 large
	t again_delete "$cell" delete large
}

by_credit() {
	t credit "$cell" run -d -b "$bundle" --sched credit:weight=256,cap=20,burst=2s capped
	sleep 1
	measure credit 5 capped
	t credit_delete "$cell" delete --force capped
}

without_module
insmod "$module" $(modinfo -p "$module" | sed -n "s/^audit:.*/audit=1/p")
by_share
by_credit
t unload rmmod credit_sched
ls -d /sys/fs/cgroup/cell-* /run/cell/[!.]* >left.out 2>/dev/null
exit 0
