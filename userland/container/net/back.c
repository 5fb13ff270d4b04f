// SPDX-License-Identifier: GPL-2.0-only
/* What is open on the host, see back.h. */
#include "back.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "link.h"
#include "vnic.h"

#define VNIC_DEVICE "/dev/vnic"

int back_open(struct back_host *host, struct error *err)
{
	int ret;

	host->nft.fd = host->vnic = -1;
	host->uplink[0] = '\0';
	ret = netlink_open(&host->route, NETLINK_ROUTE, err);
	if (!ret)
		ret = link_uplink(&host->route, host->uplink, &host->mtu, err);
	if (ret)
		return ret;
	host->vnic = open(VNIC_DEVICE, O_RDWR | O_CLOEXEC);
	host->vnic_errno = host->vnic < 0 ? errno : 0;
	if (host->vnic >= 0 && ioctl(host->vnic, VNIC_IOC_VERSION, 0) != VNIC_ABI_VERSION) {
		close(host->vnic);
		host->vnic = -1;
		host->vnic_errno = ENODEV;
	}
	return 0;
}

void back_close(struct back_host *host)
{
	netlink_close(&host->route);
	netlink_close(&host->nft);
	if (host->vnic >= 0)
		close(host->vnic);
	host->vnic = -1;
}

const char *back_vnic_missing(const struct back_host *host)
{
	if (host->vnic < 0)
		return host->vnic_errno == EACCES || host->vnic_errno == EPERM
			       ? "/dev/vnic may not be opened: run as root"
			       : "there is no /dev/vnic: load the module (insmod vnic.ko)";
	if (!host->uplink[0])
		return "the host has no default route, so there is no uplink to translate to";
	return NULL;
}
