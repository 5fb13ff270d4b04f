# SPDX-License-Identifier: GPL-2.0
# Included by every module's Kbuild: compat.h before every file, and what it asks
# of the kernel's headers that the preprocessor cannot find out.
compat-headers := arch/x86/include/asm/cpuid/api.h include/net/gso.h

ccflags-y += -include $(src)/../compat.h
ccflags-y += $(foreach h,$(compat-headers),$(if $(wildcard $(srctree)/$(h)),\
	-DHAVE_$(shell echo $(h) | sed s,.*include/,, | tr a-z/. A-Z__)))
# 6.15 replaced hrtimer_init() by hrtimer_setup().
ccflags-y += $(if $(shell grep -w hrtimer_setup $(srctree)/include/linux/hrtimer.h),-DHAVE_HRTIMER_SETUP)
ccflags-y += $(if $(shell grep -w vm_flags_clear $(srctree)/include/linux/mm.h),-DHAVE_VM_FLAGS_CLEAR)
ccflags-y += $(if $(shell grep -w TWAF_NO_ALLOC $(srctree)/include/linux/task_work.h),-DHAVE_TWAF_NO_ALLOC)
ccflags-y += $(if $(shell grep -w udp_table $(srctree)/include/net/netns/ipv4.h),-DHAVE_NET_UDP_TABLE)
ccflags-y += $(if $(shell grep -w TUN_F_USO4 $(srctree)/include/uapi/linux/if_tun.h),-DHAVE_TUN_F_USO)
ccflags-y += $(if $(shell grep -w lltx:1 $(srctree)/include/linux/netdevice.h),-DHAVE_NETDEV_LLTX)
ccflags-y += $(if $(shell grep "dev_set_mac_address_user.*sockaddr_storage" \
	$(srctree)/include/linux/netdevice.h),-DHAVE_MAC_SOCKADDR_STORAGE)
ccflags-y += $(if $(shell grep -w rtnl_newlink_params $(srctree)/include/net/rtnetlink.h),-DHAVE_RTNL_NEWLINK_PARAMS)
