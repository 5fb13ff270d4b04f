// SPDX-License-Identifier: GPL-2.0
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <stdarg.h>

#include "card.h"

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	CHECK(write(fd, text, strlen(text)) > 0, "%s", path);
	close(fd);
}

void own_namespace(void)
{
	CHECK_OK(unshare(CLONE_NEWNET));
	write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	shell("ip link set lo up");
}

void shell(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	CHECK(!system(command), "%s", command);
}

int card_open(void)
{
	return CHECK_OK(open(DEVICE, O_RDWR | O_CLOEXEC));
}

int card_set(int fd, char *name, int flags)
{
	struct ifreq ifr = {};
	int ret;

	if (name)
		strncpy(ifr.ifr_name, name, IFNAMSIZ);
	ifr.ifr_flags = flags;
	ret = ioctl(fd, TUNSETIFF, &ifr);
	if (name && !ret)
		strcpy(name, ifr.ifr_name);
	return ret;
}

int card_new(int flags)
{
	char name[IFNAMSIZ] = "card";
	int fd = card_open();

	CHECK_OK(card_set(fd, name, flags));
	return fd;
}

static void set_address(struct ifreq *ifr, uint32_t address)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };

	memcpy(&ifr->ifr_addr, &in, sizeof(in));
}

/* By ioctls, which are faster than a process for each. */
void card_up(const char *name)
{
	struct sockaddr_in guest = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(GUEST) };
	struct arpreq arp = { .arp_flags = ATF_COM | ATF_PERM, .arp_ha.sa_family = ARPHRD_ETHER };
	int s = CHECK_OK(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	struct ifreq ifr = {};

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	set_address(&ifr, HOST);
	CHECK_OK(ioctl(s, SIOCSIFADDR, &ifr));
	set_address(&ifr, 0xffffff00);
	CHECK_OK(ioctl(s, SIOCSIFNETMASK, &ifr));
	memset(&ifr.ifr_ifru, 0, sizeof(ifr.ifr_ifru));
	ifr.ifr_flags = IFF_UP;
	CHECK_OK(ioctl(s, SIOCSIFFLAGS, &ifr));
	memcpy(&arp.arp_pa, &guest, sizeof(guest));
	memcpy(arp.arp_ha.sa_data, "\2\0\0\0\0\2", ETH_ALEN);
	strncpy(arp.arp_dev, name, sizeof(arp.arp_dev) - 1);
	CHECK_OK(ioctl(s, SIOCSARP, &arp));
	close(s);
}

int card_queue(int fd, int flags)
{
	struct ifreq ifr = { .ifr_flags = flags };

	return ioctl(fd, TUNSETQUEUE, &ifr);
}

/* Not by if_nametoindex(): for a name that there is not, the kernel would look for a module. */
int card_index(const char *name)
{
	struct if_nameindex *all = if_nameindex(), *one;
	int index = 0;

	CHECK(all, "if_nameindex: %s", strerror(errno));
	for (one = all; one->if_index; one++)
		if (!strcmp(one->if_name, name))
			index = one->if_index;
	if_freenameindex(all);
	return index;
}

/* /sys shows the namespace in which it was mounted, so it is of no use to tests. */
static void ask_ethtool(const char *name, void *question)
{
	struct ifreq ifr = { .ifr_data = question };
	int s = CHECK_OK(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	CHECK_OK(ioctl(s, SIOCETHTOOL, &ifr));
	close(s);
}

bool card_has_carrier(const char *name)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GLINK };

	ask_ethtool(name, &value);
	return value.data;
}

uint64_t card_counter(const char *name, enum counter counter)
{
	FILE *f = fopen("/proc/net/dev", "r");
	unsigned long long values[16];
	char line[512], *colon;
	unsigned int i;

	CHECK(f, "/proc/net/dev");
	while (fgets(line, sizeof(line), f)) {
		colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon++ = 0;
		if (strcmp(line + strspn(line, " "), name))
			continue;
		for (i = 0; i < 16; i++)
			values[i] = strtoull(colon, &colon, 10);
		fclose(f);
		return values[counter];
	}
	FAIL("no card %s", name);
}

uint64_t queue_counter(const char *name, const char *counter)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ethtool_gstrings *strings;
	struct ethtool_stats *stats;
	uint64_t total = 0;
	unsigned int i;

	ask_ethtool(name, &info);
	strings = calloc(1, sizeof(*strings) + info.n_stats * ETH_GSTRING_LEN);
	stats = calloc(1, sizeof(*stats) + info.n_stats * sizeof(uint64_t));
	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = ETH_SS_STATS;
	strings->len = info.n_stats;
	stats->cmd = ETHTOOL_GSTATS;
	stats->n_stats = info.n_stats;
	ask_ethtool(name, strings);
	ask_ethtool(name, stats);
	for (i = 0; i < info.n_stats; i++)
		if (strstr((char *)strings->data + i * ETH_GSTRING_LEN, counter))
			total += stats->data[i];
	free(strings);
	free(stats);
	return total;
}

void set_nonblock(int fd)
{
	CHECK_OK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
}

int host_socket(uint16_t port)
{
	struct sockaddr_in host = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(HOST),
	};
	struct sockaddr_in guest = host;
	struct timeval patience = { .tv_sec = 10 };
	int s = CHECK_OK(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	guest.sin_addr.s_addr = htonl(GUEST);
	CHECK_OK(bind(s, (struct sockaddr *)&host, sizeof(host)));
	CHECK_OK(connect(s, (struct sockaddr *)&guest, sizeof(guest)));
	CHECK_OK(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)));
	return s;
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static uint32_t add(uint32_t sum, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += data[i] << 8 | data[i + 1];
	if (len & 1)
		sum += data[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint32_t pseudo(const uint8_t *ip, size_t l4_len)
{
	uint8_t rest[4] = { 0, ip[9] };

	put16(rest + 2, l4_len);
	return add(add(0, ip + 12, 8), rest, 4);
}

uint16_t l4_sum(const uint8_t *ip, size_t l4_len)
{
	return ~add(pseudo(ip, l4_len), ip + (ip[0] & 15) * 4, l4_len);
}

uint16_t ip_sum(const uint8_t *ip)
{
	return ~add(0, ip, (ip[0] & 15) * 4);
}

/* What is before the IP header's payload. */
static uint8_t *headers(uint8_t *frame, const char *card, uint8_t protocol, size_t l4_len)
{
	uint8_t *ip = frame + ETH_HLEN;
	struct ifreq ifr = {};
	int s = CHECK_OK(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	strncpy(ifr.ifr_name, card, IFNAMSIZ - 1);
	CHECK_OK(ioctl(s, SIOCGIFHWADDR, &ifr));
	close(s);
	memset(frame, 0, ETH_HLEN + 20);
	memcpy(frame, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	memcpy(frame + ETH_ALEN, "\2\0\0\0\0\2", ETH_ALEN);
	put16(frame + 12, ETH_P_IP);
	ip[0] = 0x45;
	put16(ip + 2, 20 + l4_len);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = protocol;
	put32(ip + 12, GUEST);
	put32(ip + 16, HOST);
	put16(ip + 10, ip_sum(ip));
	return ip;
}

size_t guest_udp(uint8_t *frame, const char *card, uint16_t port, const void *data, size_t len)
{
	uint8_t *ip = headers(frame, card, IPPROTO_UDP, 8 + len), *udp = ip + 20;
	uint16_t sum;

	put16(udp, port);
	put16(udp + 2, port);
	put16(udp + 4, 8 + len);
	put16(udp + 6, 0);
	memcpy(udp + 8, data, len);
	sum = l4_sum(ip, 8 + len);
	put16(udp + 6, sum ? sum : 0xffff);
	return ETH_HLEN + 28 + len;
}

size_t guest_tcp(uint8_t *frame, const char *card, uint32_t sequence, size_t len, bool partial)
{
	uint8_t *ip = headers(frame, card, IPPROTO_TCP, 20 + len), *tcp = ip + 20;
	size_t i;

	memset(tcp, 0, 20);
	put16(tcp, 4000);
	put16(tcp + 2, 4000);
	put32(tcp + 4, sequence);
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	put16(tcp + 14, 1000);
	for (i = 0; i < len; i++)
		tcp[20 + i] = sequence + i;
	put16(tcp + 16, partial ? pseudo(ip, 20 + len) : l4_sum(ip, 20 + len));
	return ETH_HLEN + 40 + len;
}

size_t next_frame(int fd, void *buffer, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, 5000) != 1 || !(p.revents & POLLIN))
		return 0;
	n = read(fd, buffer, size);
	return n < 0 ? 0 : n;
}

size_t next_ipv4(int fd, void *buffer, size_t size, size_t before)
{
	uint8_t *frame = (uint8_t *)buffer + before;
	size_t n;

	do {
		n = next_frame(fd, buffer, size);
	} while (n && !(frame[12] == 8 && frame[13] == 0 && frame[23] != IPPROTO_IGMP));
	return n;
}
