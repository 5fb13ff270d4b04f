#!/bin/sh
# Inside the course VM: every test program on KVM and on shadowpt, the output of each in
# /out/NAME.tap and its exit status in /out/NAME.status. Judges nothing; test_module.py does.
# Called with the module's file and what to run: "devices", "lifetime" or "guests".
module=$1
what=$2
bin=/virtlab/build/bin
guests=/virtlab/build/guests

record() {
	name=$1
	shift
	start=$(date +%s)
	"$@" >/out/$name.tap 2>&1 </dev/null
	echo $? >/out/$name.status
	echo "$name: $(($(date +%s) - start)) s"
}

audit() {
	echo "$1" >/sys/module/shadowpt/parameters/audit
}

devices() {
	modprobe kvm-amd npt=0
	for program in abi run cpu; do
		record $program-kvm $bin/selftest-shadowpt-$program /dev/kvm
	done
	modprobe -r kvm-amd
	insmod $module audit=1
	for program in abi run cpu; do
		for paging in vtlb trap; do
			record $program-$paging $bin/selftest-shadowpt-$program --paging $paging /dev/shadowpt
		done
	done
	MODULE=$module ONLY=kvm_keeps record beside-trap $bin/selftest-shadowpt-lifecycle --paging trap
	rmmod shadowpt
}

lifetime() {
	insmod $module audit=1
	for paging in vtlb trap; do
		record trace-$paging $bin/selftest-shadowpt-trace --paging $paging
		record garbage-$paging $bin/selftest-shadowpt-garbage --paging $paging
	done
	audit 0
	MODULE=$module EXCEPT=kvm_keeps record lifecycle-trap $bin/selftest-shadowpt-lifecycle --paging trap
	rmmod shadowpt
}

guests() {
	modprobe kvm-amd npt=0
	record pagetables-kvm $bin/vmm run --accel /dev/kvm $guests/pagetables.elf $ROUNDS
	modprobe -r kvm-amd
	insmod $module
	for paging in vtlb trap; do
		vmm="$bin/vmm run --accel /dev/shadowpt --paging $paging"
		audit 1
		record hello-$paging $vmm $guests/hello.elf
		record fork-$paging $vmm --json /out/fork-$paging.json $guests/fork.elf 2 16 4
		audit 397
		record pagetables-$paging $vmm --json /out/pagetables-$paging.json \
			$guests/pagetables.elf $ROUNDS
	done
	audit 0
	record bpftrace bpftrace -c "$bin/vmm run --accel /dev/shadowpt $guests/hello.elf" -e '
		tracepoint:shadowpt:spt_exit { @exits[args->reason] = count(); }
		tracepoint:shadowpt:spt_fill { @fills = count(); }'
	rmmod shadowpt
}

$what
