/tmp/wt/settle/build2/unit/kmod/credit_sched/core/cap.o: \
 /tmp/wt/settle/kmod/credit_sched/core/cap.c shim/linux/compiler_types.h \
 shim/linux/math64.h shim/linux/types.h \
 /tmp/wt/settle/kmod/credit_sched/core/csched.h shim/linux/errno.h \
 shim/linux/list.h shim/linux/compiler.h shim/linux/container_of.h
shim/linux/compiler_types.h:
shim/linux/math64.h:
shim/linux/types.h:
/tmp/wt/settle/kmod/credit_sched/core/csched.h:
shim/linux/errno.h:
shim/linux/list.h:
shim/linux/compiler.h:
shim/linux/container_of.h:
