/tmp/wt/settle/build2/mutants/unit/shim/alloc.o: shim/alloc.c \
 shim/linux/compiler_types.h shim/linux/atomic.h shim/linux/types.h \
 shim/linux/gfp.h shim/linux/build_bug.h shim/linux/hash.h \
 shim/linux/printk.h shim/linux/slab.h
shim/linux/compiler_types.h:
shim/linux/atomic.h:
shim/linux/types.h:
shim/linux/gfp.h:
shim/linux/build_bug.h:
shim/linux/hash.h:
shim/linux/printk.h:
shim/linux/slab.h:
