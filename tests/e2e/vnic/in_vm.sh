#!/bin/sh
# Inside the course VM: every test program on /dev/vnic, the output of each in /out/NAME.tap and its
# exit status in /out/NAME.status. Judges nothing; test_module.py does.
# Called with the module's file and what to run: the name of a function below.
module=$1
what=$2
bin=/virtlab/build/bin

record() {
	name=$1
	start=$(date +%s)
	MODULE=$module $bin/selftest-vnic-$name >/out/$name.tap 2>&1 </dev/null
	echo $? >/out/$name.status
	echo "$name: $(($(date +%s) - start)) s"
}

load() {
	for needed in $(modinfo -F depends $module | tr , ' '); do
		modprobe $needed
	done
	insmod $module
}

cards() {
	load
	for program in tap offload link ring held; do
		record $program
	done
	rmmod vnic
}

# The last program unloads the module.
endure() {
	load
	for program in garbage lifecycle; do
		record $program
	done
}

# One program, or with ONLY one test of it.
one() {
	load
	record $PROGRAM
	cat /out/$PROGRAM.tap
	rmmod vnic 2>/dev/null
}

$what
