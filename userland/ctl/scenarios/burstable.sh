# A burstable instance, as clouds sell them, in seconds instead of hours: web earns one fifth of
# CPU 0 and may save 4 s of credit. It idles, then works, beside a neighbour that always works.
# What to see: it saves while it idles, spends its credit at full speed, and is then held to what it earns.
csched create web --policy credit --weight 100 --burst 4s --cpus 0
csched create neighbour --policy credit --weight 400 --burst 30ms --cpus 0
csched run neighbour -- load spin &
phase "web idles and earns"
sleep 8
phase "web bursts, then has spent what it saved"
csched run web -- load spin &
sleep 8
