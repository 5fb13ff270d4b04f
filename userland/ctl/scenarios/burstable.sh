# A burstable instance, as clouds sell them, in seconds instead of hours: web earns one fifth of CPU 0 and
# may save 4 s of credit. It idles, then wants the CPU all the time; nobody else does.
# What to see: it saves while it idles, runs at full speed while it has credit, and then at its baseline.
csched create web --policy credit --baseline 20 --burst 4s --cpus 0
phase "web idles and earns"
sleep 8
phase "web bursts, then has spent what it saved"
csched run web -- workload spin &
sleep 8
