// SPDX-License-Identifier: GPL-2.0
/*
 * The module: its parts begin and end here. See shell.h for what they are.
 */
#include <linux/module.h>
#include <net/rtnetlink.h>

#include "shell.h"

static int __init vnic_init(void)
{
	int ret;

	ret = vnic_network_init();
	if (ret)
		return ret;
	ret = vnic_card_init();
	if (ret)
		goto out_network;
	ret = vnic_tap_init();
	if (ret)
		goto out_card;
	return 0;

out_card:
	vnic_card_exit();
out_network:
	vnic_network_exit();
	return ret;
}

static void __exit vnic_exit(void)
{
	vnic_tap_exit();
	vnic_card_exit();
	vnic_network_exit();
}

module_init(vnic_init);
module_exit(vnic_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A network card in software, and translation of its guests' addresses");
MODULE_ALIAS_RTNL_LINK("vnic");
