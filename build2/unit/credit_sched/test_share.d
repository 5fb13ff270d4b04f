/tmp/wt/settle/build2/unit/credit_sched/test_share.o: \
 credit_sched/test_share.c shim/linux/compiler_types.h \
 credit_sched/../tap.h credit_sched/sim.h \
 /tmp/wt/settle/kmod/credit_sched/core/csched.h shim/linux/errno.h \
 shim/linux/list.h shim/linux/compiler.h shim/linux/container_of.h \
 shim/linux/types.h
shim/linux/compiler_types.h:
credit_sched/../tap.h:
credit_sched/sim.h:
/tmp/wt/settle/kmod/credit_sched/core/csched.h:
shim/linux/errno.h:
shim/linux/list.h:
shim/linux/compiler.h:
shim/linux/container_of.h:
shim/linux/types.h:
