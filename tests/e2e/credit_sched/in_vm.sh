#!/bin/sh
# Inside the course VM: every test program on /dev/credit_sched, the output of each in
# /out/NAME.tap and its exit status in /out/NAME.status. Judges nothing; test_module.py does.
# Called with the module's file and what to run: the name of a function below.
module=$1
what=$2
bin=/virtlab/build/bin

record() {
	name=$1
	shift
	start=$(date +%s)
	"$@" >/out/$name.tap 2>&1 </dev/null
	echo $? >/out/$name.status
	echo "$name: $(($(date +%s) - start)) s"
}

selftests() {
	insmod $module
	for program in share lifecycle; do
		record $program $bin/selftest-credit_sched-$program
	done
	rmmod credit_sched
}

$what
