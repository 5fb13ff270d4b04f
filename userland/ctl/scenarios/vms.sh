# Two virtual machines, 2:1. A vCPU is a thread, so a group can hold a VM: here two guests under
# shadow page tables, each an endless loop (two bytes of code), both on CPU 0.
# Needs shadowpt.ko as well.
# What to see: the vCPUs leave KVM_RUN when they are to park; the guests know nothing of it.
printf '\353\376' >/tmp/loop.bin	# jmp .
csched create big --weight 200 --cpus 0
csched create small --weight 100 --cpus 0
csched run big -- vmm run /tmp/loop.bin &
csched run small -- vmm run /tmp/loop.bin &
sleep 7
