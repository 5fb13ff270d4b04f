# Boost. Tasks that wake every 20 ms and run 1 ms, against 3 hogs on CPU 0: how late are they?
# What to see: one that has credit is boosted and runs at once. But if everybody is boosted nobody is: of
# eight that wake together the last one waits for seven. (Ongaro, Cox and Rixner, VEE 2008)
for n in 1 2 4 8; do
	for who in boost plain; do
		pids= hogs=
		for i in 1 2 3 $(seq 11 $((10 + n))); do
			in_group=
			if [ $who = boost ]; then
				csched create g$i --policy credit --cpus 0
				in_group="csched run g$i --"
			fi
			if [ "$i" -le 3 ]; then
				taskset -c 0 $in_group workload spin &
				hogs="$hogs $!"
			else
				taskset -c 0 $in_group workload wake 20 1 150 | sed "s/{/{\"who\": \"$who\", \"boosted\": $n, /" &
				pids="$pids $!"
			fi
		done
		wait $pids
		kill $hogs
		[ $who = plain ] || csched rm $(csched list | awk 'NR > 1 { print $1 }')
	done
done
