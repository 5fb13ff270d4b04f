#!/bin/sh
# Inside the course VM: every test program on /dev/credit_sched, the output of each in
# /out/NAME.tap and its exit status in /out/NAME.status. Judges nothing; test_module.py does.
# Called with the module's file and what to run: the name of a function below.
module=$1
what=$2
bin=/virtlab/build/bin

record() {
	name=$1
	start=$(date +%s)
	MODULE=$module $bin/selftest-credit_sched-$name >/out/$name.tap 2>&1 </dev/null
	echo $? >/out/$name.status
	echo "$name: $(($(date +%s) - start)) s"
}

# With every invariant checked after every decision, where the module can do that.
load() {
	insmod $module $(modinfo -p $module | sed -n 's/^audit:.*/audit=1/p')
}

# Two processors. The last program unloads the module.
schedule() {
	load
	for program in share lifecycle arguments privilege cpus garbage; do
		record $program
	done
}

# One processor.
endure() {
	load
	for program in endings ring cycles; do
		record $program
	done
	rmmod credit_sched
}

thousand() {
	load
	record cycles
	rmmod credit_sched
}

# One program, or with ONLY one test of it.
one() {
	load
	record $PROGRAM
	rmmod credit_sched 2>/dev/null
}

# csched as a user types it.
csched() {
	sh /virtlab/tests/e2e/credit_sched/csched_in_vm.sh $module
}

$what
