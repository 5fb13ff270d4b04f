# Weights. Three groups want CPU 0 all the time; their weights are 1:2:4.
# What to see: each gets its part of the CPU, and nobody is ever more than a slot away from it.
csched create small --weight 100 --cpus 0
csched create middle --weight 200 --cpus 0
csched create large --weight 400 --cpus 0
for group in small middle large; do
	csched run $group -- workload spin &
done
sleep 6
