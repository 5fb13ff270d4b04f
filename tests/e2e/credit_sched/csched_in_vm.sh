#!/bin/sh
# Inside the course VM: csched as a user types it. Each `t NAME COMMAND` leaves NAME.out, NAME.err
# and NAME.code in /out/csched; judges nothing, test_csched.py does. Called by in_vm.sh.
module=$1
PATH=/virtlab/build/bin:$PATH
scripts=/virtlab/kmod/credit_sched/bpftrace
mkdir -p /out/csched
cd /out/csched || exit 1

t() {
	name=$1
	shift
	"$@" >"$name.out" 2>"$name.err" </dev/null
	echo $? >"$name.code"
}

# A busy process; $spin is its number.
spin() {
	sh -c 'while :; do :; done' &
	spin=$!
}

# Whoever does not look at them need not compete with them, either: each command is a second of theirs.
busy() {
	kill -$1 $web $db $batch
}

as_user() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

without_module() {
	t no_module csched list
	t no_module_from csched trace --from /nonexistent.csched
}

usage() {
	t help csched --help
	t no_verb csched
	t bad_verb csched lsit
	t odd_verb csched frobnicate
	t bad_option csched create x --wieght 5
	t odd_option csched create x --frobnicate
	t short_option csched create x -z
	t missing_value csched create x --weight
	t value_for_flag csched list --json=yes
	t create_no_name csched create --weight 5
	t create_two_names csched create x y
	t create_long_name csched create this-name-has-more-than-31-characters
	t weight_zero csched create x --weight 0
	t weight_word csched create x --weight heavy
	t policy_typo csched create x --policy shrae
	t preset_typo csched create x --preset t3.mirco
	t preset_share csched create x --preset t3.micro --policy share
	t preset_list csched create --preset list
	t burst_no_unit csched create x --burst 30
	t slot_zero csched create x --slot 0ms
	t cpus_bad csched create x --cpus 1-
	t accounting_bad csched create x --accounting both
	t set_nothing csched set x
	t set_fixed csched set x --policy credit
	t add_nobody csched add x
	t add_both csched add x --cgroup y 17
	t add_word csched add web seventeen
	t add_zero csched add web 0
	t run_nothing csched run x
	t explain_nothing csched explain
	t rm_nothing csched rm
	t list_name csched list web
	t status_name csched status web
	t top_short csched top -d 1ms
	t top_sort csched top --sort size
	t trace_no_dashes csched trace -o x.json sleep 1
	t trace_both csched trace -o x.json --seconds 1 -- sleep 1
	t trace_format csched trace --format xml
	t plot_kind csched plot -o x.svg --kind shares
	t seconds_word csched trace -o x.json --seconds soon
}

creating() {
	t status csched status
	t status_json csched status --json
	t empty csched list
	t empty_json csched list --json
	t empty_find csched explain web
	t web csched create web --weight 400
	t db csched create -v db --weight 200
	t batch csched create batch
	t taken csched create web
	t space csched create 'my web'
	t erange csched create x --weight 10001
	t edom csched create x --cap 201
	t baseline_of_share csched create x --baseline 20
	t eoverflow csched create x --burst 8d
	t slot_long csched create x --slot 2s
	t park_max_short csched create x --park-max 1ms
	t offline csched create x --cpus 0,7
	t eexist csched create x --policy credit
	t ebusy csched create x --cpus 0
	t unknown_policy csched create x --policy xyzzy
	t unchanged csched list --json
}

adding() {
	spin; web=$spin
	spin; db=$spin
	spin; batch=$spin
	t add csched add web $web
	csched add db $db
	csched add batch $batch
	busy STOP
	t again csched add db $web
	t init csched add web 1
	t kernel_thread csched add web 2
	sleep 0.01 & gone=$!
	wait $gone
	t dead csched add web $gone
	spin; chrt --fifo -p 1 $spin
	t real_time csched add web $spin
	kill $spin
	# In a pid namespace of its own a process cannot name those outside.
	t other_namespace unshare --pid --fork csched add web $web
	t no_group csched add wbe $web
	t no_group_at_all csched add nothing-like-it $web
	busy CONT
	sleep 1
	t list csched list
	t list_json csched list --json
	t explain csched explain web
	t full sh -c 'csched list >/dev/full'
}

# Until the screen has these words; a minute at most.
shows() {
	n=0
	while ! grep -q "$1" screen.out && [ $n -lt 300 ]; do
		n=$((n+1))
		sleep 0.2
	done
	[ $n -lt 300 ]
}

watching() {
	t trace_json csched trace -o trace.json --seconds 2
	t trace_recording csched trace -o trace.csched --seconds 2
	t trace_text csched trace --seconds 0.3
	t trace_command csched trace -o command.json -- sh -c 'exit 3'
	t plot_share csched plot -o share.svg --seconds 6
	busy STOP
	t trace_from csched trace --from trace.csched -o from.json
	t trace_from_text csched trace --from trace.csched -o from.txt
	t trace_no_command csched trace -o no.json -- /nonexistent/command
	t trace_no_folder csched trace -o /nonexistent/x.json --seconds 0.1
	t plot_lag csched plot -o lag.svg --kind lag --from trace.csched
	t plot_both csched plot -o both.svg --kind share,lag --from trace.csched
	t plot_no_credit csched plot -o no.svg --kind credit --from trace.csched
	head -c 1000 trace.csched >short.csched
	t damaged csched plot -o no.svg --from short.csched
	t not_one csched plot -o no.svg --from /etc/passwd
	busy CONT
	# Ctrl-C ends a recording; what there is of it is written.
	csched trace -o interrupted.json --seconds 60 &
	sleep 1
	kill -INT $!
	wait $!
	echo $? >interrupted.code
	t top csched top -d 0.5 -n 2
	t top_json csched top -d 0.5 -n 2 --json --sort name
	: >screen.out
	(shows 'sorted by cpu' && printf s && shows 'sorted by lag' && printf '\033[B' && sleep 0.5; printf q) |
		TERM=xterm script -qec 'stty rows 12 cols 100; csched top -d 0.5' /dev/null >screen.out 2>screen.err
	echo $? >screen.code
}

changing() {
	busy STOP
	t set csched set web --weight 100
	t set_cap csched set -v web --cap 50
	t set_erange csched set web --weight 10001
	t set_edom csched set web --cap 201
	t set_none csched set nobody --weight 5
	t after_set csched list --json
	t rm_missing csched rm batch nobody
	t after_rm_missing csched list --json
	t rm csched rm -v batch db
	t rm_quiet csched rm web
	t after_rm csched list --json
	kill $web $db $batch
	busy CONT
}

running() {
	csched create web
	t run csched run web -- sh -c 'csched list --json; exit 7'
	t run_not_found csched run web -- /nonexistent/command
	t run_not_executable csched run web -- /etc/passwd
	t run_no_group csched run wbe -- true
	t run_alone csched run --weight 300 --cap 50 -- sh -c 'n=0; while [ $n -lt 40000 ]; do n=$((n+1)); done; csched list --json; exit 5'
	t run_named csched run mine --weight 300 -- csched list --json
	t run_alone_bad csched run --cap 201 -- true
	t run_alone_not_found csched run --weight 5 -- /nonexistent/command
	csched run --weight 5 -- sh -c 'sleep 60 & wait' 2>terminated.err &
	sleep 1
	kill -TERM $!
	wait $!
	echo $? >terminated.code
	t after_run csched list --json
	csched rm web
}

in_cgroups() {
	mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
	top=/sys/fs/cgroup/csched
	mkdir -p $top/one/two $top/none
	csched create vm
	for place in $top $top/one $top/one/two; do
		spin
		echo $spin >$place/cgroup.procs
		pids="$pids $spin"
	done
	# One that forks all the time, and whose children fork.
	sh -c 'while :; do sh -c "sleep 0.02; sleep 0.02" & sleep 0.01; done' & forker=$!
	echo $forker >$top/one/cgroup.procs
	sleep 1
	t cgroup csched add -v vm --cgroup csched
	sleep 1
	t cgroup_list csched list --json
	t cgroup_again csched add vm --cgroup $top
	t cgroup_none csched add vm --cgroup $top/none
	t cgroup_missing csched add vm --cgroup csched/missing
	kill $pids $forker
	csched rm vm
}

by_credit() {
	csched create vm1 --policy credit --burst 2s --cap 100 --cpus 0
	csched create vm2 --policy credit --burst 30ms --cpus 0
	t by_credit_weight csched create x --policy credit --cpus 0 --weight 65536
	csched run vm2 -- sh -c 'while :; do :; done' & hog=$!
	# vm1 saves for a while, then spends.
	csched run vm1 -- sh -c 'sleep 3; while :; do :; done' & saver=$!
	t credit_trace csched trace -o credit.csched --seconds 8
	t credit_json csched trace --from credit.csched -o credit.json
	t credit_plot csched plot --from credit.csched --kind share,lag,credit -o credit.svg
	t credit_explain csched explain vm1
	t credit_list csched list
	t credit_set_seconds csched set vm1 --burst 10s
	kill $hog $saver
	csched rm vm1 vm2
}

with_presets() {
	t preset csched create t3 --preset t3.micro
	t preset_json csched list --json
	t preset_rm csched rm t3
}

as_nobody() {
	csched create roots
	spin
	kill -STOP $spin
	t user_status as_user csched status
	t user_list as_user csched list
	t user_create as_user csched create x
	t user_run as_user csched run --weight 50 -- csched list --json
	t user_weight as_user csched run --weight 101 -- true
	t user_set as_user csched set roots --weight 5
	t user_rm as_user csched rm roots
	t user_add as_user csched add roots $spin
	t user_run_roots as_user csched run roots -- true
	t user_trace as_user csched trace --seconds 0.1
	t user_plot as_user csched plot -o - -- csched run --weight 50 -- sh -c 'n=0; while [ $n -lt 20000 ]; do n=$((n+1)); done'
	t user_top as_user csched top -n 1 -d 0.2
	kill -KILL $spin
	csched rm roots
}

# The tasks run when they are watched, not while bpftrace compiles.
with_bpftrace() {
	csched create one --policy credit --cpus 0
	csched create two --policy credit --cpus 0
	for script in states park_latency preempted; do
		bpftrace -B line $scripts/$script.bt 4 >$script.out 2>$script.err </dev/null & tracer=$!
		until grep -q Watching $script.out || ! kill -0 $tracer; do
			sleep 0.2
		done
		csched run one -- sh -c 'while :; do :; done' 2>/dev/null & hog=$!
		csched run two -- sh -c 'while :; do sleep 0.1; n=0; while [ $n -lt 200 ]; do n=$((n+1)); done; done' 2>/dev/null & sleeper=$!
		wait $tracer
		echo $? >$script.code
		kill $hog $sleeper
		wait $hog $sleeper
	done
	csched rm one two
}

# The limit of groups on the same CPUs; each name is a process, so it takes a while.
many() {
	n=0
	while [ $n -lt 1024 ] && csched create g$n 2>>many_create.err; do
		n=$((n+1))
	done
	echo $n >many.count
	t many csched create one-more
	t many_list csched list --json
	t many_rm sh -c 'csched rm $(csched list | sed -n "s/^\(g[0-9]*\) .*/\1/p")'
	t many_after csched list --json
}

# The examples of the manual page, one after the other.
examples() {
	sed -n '/^\.SH EXAMPLES/,/^\.fi/{/^csched/p}' /virtlab/docs/man/csched.1 |
		sed 's/\\-/-/g' >examples.sh
	mkdir examples
	n=0
	while read -r line; do
		n=$((n+1))
		t example_$n sh -c "cd examples && $line"
	done <examples.sh
	t after_examples csched list --json
}

without_module
usage
insmod "$module" $(modinfo -p "$module" | sed -n "s/^audit:.*/audit=1/p")
for step in creating adding watching changing running in_cgroups by_credit with_presets as_nobody with_bpftrace examples many; do
	start=$(date +%s)
	$step
	echo "csched: $step: $(($(date +%s) - start)) s"
done
t unload rmmod credit_sched
