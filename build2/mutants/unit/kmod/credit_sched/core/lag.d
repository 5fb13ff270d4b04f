/tmp/wt/settle/build2/mutants/unit/kmod/credit_sched/core/lag.o: \
 /tmp/wt/settle/build2/mutants/kmod/credit_sched/core/lag.c \
 shim/linux/compiler_types.h shim/linux/math64.h shim/linux/types.h \
 /tmp/wt/settle/build2/mutants/kmod/credit_sched/core/csched.h \
 shim/linux/errno.h shim/linux/list.h shim/linux/compiler.h \
 shim/linux/container_of.h
shim/linux/compiler_types.h:
shim/linux/math64.h:
shim/linux/types.h:
/tmp/wt/settle/build2/mutants/kmod/credit_sched/core/csched.h:
shim/linux/errno.h:
shim/linux/list.h:
shim/linux/compiler.h:
shim/linux/container_of.h:
