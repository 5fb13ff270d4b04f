# Unused slots. Weights 1:1:2 on CPU 0; after 3 s the heaviest begins to sleep half of its time.
# What to see: what it leaves is shared out at once, 1:1, and no CPU time is lost.
csched create a --weight 100 --cpus 0
csched create b --weight 100 --cpus 0
csched create sleepy --weight 200 --cpus 0
csched run a -- workload spin &
csched run b -- workload spin &
csched run sleepy -- workload spin &
busy=$!
sleep 3
phase "sleepy sleeps half of its time"
kill $busy
csched run sleepy -- workload turns 10 10 &
sleep 4
