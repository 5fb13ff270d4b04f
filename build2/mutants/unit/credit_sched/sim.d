/tmp/wt/settle/build2/mutants/unit/credit_sched/sim.o: credit_sched/sim.c \
 shim/linux/compiler_types.h credit_sched/sim.h \
 /tmp/wt/settle/build2/mutants/kmod/credit_sched/core/csched.h \
 shim/linux/errno.h shim/linux/list.h shim/linux/compiler.h \
 shim/linux/container_of.h shim/linux/types.h
shim/linux/compiler_types.h:
credit_sched/sim.h:
/tmp/wt/settle/build2/mutants/kmod/credit_sched/core/csched.h:
shim/linux/errno.h:
shim/linux/list.h:
shim/linux/compiler.h:
shim/linux/container_of.h:
shim/linux/types.h:
