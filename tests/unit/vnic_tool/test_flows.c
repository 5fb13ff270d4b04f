// SPDX-License-Identifier: GPL-2.0
/* Flows: their order, what is said of each, and the picture. */
#include <arpa/inet.h>

#include "tap.h"
#include "vnic_tool.h"

static const struct vnic_ioc_network network = { .name = "lan", .uplink = "eth0", .prefix = 24 };

static struct vnic_flow flow(uint8_t protocol, const char *inside, uint16_t inside_port, uint16_t outside_port,
			     const char *remote, uint16_t remote_port)
{
	return (struct vnic_flow){ .protocol = protocol, .inside = inet_addr(inside), .inside_port = htons(inside_port),
				   .outside = inet_addr("192.0.2.1"), .outside_port = htons(outside_port),
				   .remote = remote ? inet_addr(remote) : 0, .remote_port = htons(remote_port),
				   .state = remote ? 2 : 0, .left_ms = 5000 };
}

/* What draw_flows() prints; to be freed. */
static char *drawn(struct flows *flows)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	flows_sort(flows);
	draw_flows(out, &network, flows);
	fclose(out);
	return text;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

static void a_mapping_comes_before_its_sessions(void)
{
	struct vnic_flow at[] = {
		flow(IPPROTO_UDP, "10.9.0.2", 4000, 4000, NULL, 0),
		flow(IPPROTO_TCP, "10.9.1.1", 1, 1, NULL, 0),
		flow(IPPROTO_TCP, "10.9.0.2", 256, 256, "198.51.100.7", 443),
		flow(IPPROTO_TCP, "10.9.0.2", 256, 256, NULL, 0),
		flow(IPPROTO_TCP, "10.9.0.2", 256, 256, "1.2.3.4", 80),
		flow(IPPROTO_TCP, "10.9.0.2", 255, 9000, NULL, 0),
		flow(IPPROTO_ICMP, "10.9.0.99", 7, 7, NULL, 0),
	};
	static const uint16_t ports[] = { 7, 255, 256, 256, 256, 1, 4000 };
	struct flows flows = { .at = at, .count = 7 };

	flows_sort(&flows);
	for (size_t i = 0; i < 7; i++)
		CHECK_EQ(ntohs(at[i].inside_port), ports[i]);
	CHECK(flow_is_mapping(&at[2]), "the mapping is first");
	CHECK_EQ(ntohs(at[3].remote_port), 80);
	CHECK_EQ(ntohs(at[4].remote_port), 443);
}

static void only_the_mapping_of_a_forward_is_counted(void)
{
	struct vnic_flow at[] = { flow(IPPROTO_TCP, "10.9.0.2", 80, 8080, NULL, 0),
				  flow(IPPROTO_TCP, "10.9.0.2", 80, 8080, "1.2.3.4", 5) };
	struct flows flows = { .at = at, .count = 2 };

	CHECK_EQ(flows_forwards(&flows), 0);
	at[0].flags = at[1].flags = VNIC_FLOW_FORWARD;
	CHECK_EQ(flows_forwards(&flows), 1);
	CHECK(!strcmp(flow_state(&at[0]), "forward"), "%s", flow_state(&at[0]));
	CHECK(!strcmp(flow_state(&at[1]), "established"), "%s", flow_state(&at[1]));
	at[1].state = 0;
	CHECK(!strcmp(flow_state(&at[1]), "sent-to"), "%s", flow_state(&at[1]));
	at[1].state = 200;
	CHECK(!strcmp(flow_state(&at[1]), "unknown"), "%s", flow_state(&at[1]));
}

static void time_left_is_short(void)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "0.0s" }, { 999, "0.9s" }, { 59999, "59.9s" }, { 60000, "1m00s" }, { 299000, "4m59s" },
		{ 3599999, "59m59s" }, { 7440000, "2h04m" }, { 86400000, "1d00h" }, { 604800000, "7d00h" },
		{ UINT64_MAX, "-" },
	};
	struct vnic_flow f = { 0 };
	char text[32];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f.left_ms = cases[i].ms;
		flow_left(text, sizeof(text), &f);
		CHECK(!strcmp(text, cases[i].text), "%llu ms: %s", (unsigned long long)cases[i].ms, text);
	}
	f.left_ms = UINT64_MAX - 1;
	flow_left(text, sizeof(text), &f);
}

static void json_says_null_for_what_there_is_not(void)
{
	struct vnic_flow f = flow(IPPROTO_UDP, "10.9.0.2", 4000, 4001, NULL, 0);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	f.left_ms = UINT64_MAX;
	flow_print_json(out, "a\"b", &f);
	fclose(out);
	CHECK(!strcmp(text, "{\"network\": \"a\\\"b\", \"protocol\": \"udp\", \"inside\": \"10.9.0.2\", "
			    "\"inside_port\": 4000, \"outside\": \"192.0.2.1\", \"outside_port\": 4001, "
			    "\"remote\": null, \"remote_port\": null, \"state\": \"mapping\", \"forward\": false, "
			    "\"left_ms\": null, \"out\": 0, \"in\": 0}"), "%s", text);
	free(text);
}

static void the_picture_has_both_ends_of_every_mapping(void)
{
	struct vnic_flow at[] = {
		flow(IPPROTO_TCP, "10.9.0.2", 4000, 4000, NULL, 0),
		flow(IPPROTO_TCP, "10.9.0.2", 4000, 4000, "198.51.100.7", 80),
		flow(IPPROTO_TCP, "10.9.0.2", 4000, 4000, "198.51.100.8", 80),
		flow(IPPROTO_TCP, "10.9.0.3", 4000, 4001, NULL, 0),
		flow(IPPROTO_TCP, "10.9.0.3", 4000, 4001, "198.51.100.7", 80),
		flow(IPPROTO_ICMP, "10.9.0.3", 77, 78, NULL, 0),
		flow(IPPROTO_TCP, "10.9.0.2", 80, 8080, NULL, 0),
	};
	struct flows flows = { .at = at, .count = 7 };
	char *text;

	at[6].flags = VNIC_FLOW_FORWARD;
	text = drawn(&flows);
	CHECK(strstr(text, ">lan: 0.0.0.0/24 on eth0<"), "%s", text);
	CHECK(strstr(text, ">4 mappings; dashed: forwarded to a guest; endpoint-independent filtering<"), "%s", text);
	CHECK_EQ(count(text, ">10.9.0.2<"), 1);
	CHECK_EQ(count(text, ">10.9.0.3<"), 1);
	CHECK_EQ(count(text, ">192.0.2.1<"), 1);
	CHECK_EQ(count(text, ">tcp 4000<"), 3);
	CHECK_EQ(count(text, ">icmp id 77<"), 1);
	CHECK_EQ(count(text, ">icmp id 78<"), 1);
	CHECK_EQ(count(text, ">tcp 198.51.100.7:80<"), 1);
	CHECK_EQ(count(text, "stroke-width=\"2\""), 4);
	CHECK_EQ(count(text, "stroke-dasharray=\"6 4\""), 1);
	CHECK_EQ(count(text, "stroke-width=\"1.2\""), 3);
	CHECK(!strstr(text, "not drawn"), "%s", text);
	free(text);
}

/* Where the n-th line of that width begins, or ends if @end. */
static double line_at(const char *text, const char *width, int n, bool end)
{
	double y[4] = { -1, -1, -1, -1 };

	for (text = strstr(text, "<path d"); text; text = strstr(text + 1, "<path d"))
		if (!strncmp(strstr(text, "stroke-width"), width, strlen(width)) && !n--)
			sscanf(text, "<path d=\"M%*f %lfC%*f %lf %*f %lf %*f %lf", &y[0], &y[1], &y[2], &y[3]);
	return y[end ? 3 : 0];
}

static void a_session_begins_where_its_mapping_ends(void)
{
	struct vnic_flow at[] = {
		flow(IPPROTO_TCP, "10.9.0.2", 4000, 4000, NULL, 0),
		flow(IPPROTO_TCP, "10.9.0.2", 4000, 4000, "198.51.100.7", 80),
		flow(IPPROTO_TCP, "10.9.0.3", 4000, 4001, NULL, 0),
		flow(IPPROTO_TCP, "10.9.0.3", 4000, 4001, "198.51.100.7", 80),
	};
	struct flows flows = { .at = at, .count = 4 };
	char *text = drawn(&flows);

	for (int i = 0; i < 2; i++) {
		double begin = line_at(text, "stroke-width=\"1.2\"", i, false);

		CHECK(begin > 0, "%s", text);
		CHECK(begin == line_at(text, "stroke-width=\"2\"", i, true), "%s", text);
	}
	CHECK(line_at(text, "stroke-width=\"2\"", 0, true) != line_at(text, "stroke-width=\"2\"", 1, true), "%s", text);
	free(text);
}

static void a_picture_of_many_says_what_it_leaves_out(void)
{
	static struct vnic_flow at[4000];
	struct flows flows = { .at = at };
	char *text;

	for (uint16_t i = 0; i < 1000; i++) {
		at[flows.count++] = flow(IPPROTO_TCP, i % 2 ? "10.9.0.2" : "10.9.0.3", i + 1, i + 1, NULL, 0);
		for (uint16_t k = 0; k < 3; k++)
			at[flows.count++] = flow(IPPROTO_TCP, i % 2 ? "10.9.0.2" : "10.9.0.3", i + 1, i + 1, "1.2.3.4",
						 3 * i + k + 1);
	}
	text = drawn(&flows);
	CHECK(strstr(text, ">1000 mappings;"), "%.400s", text);
	CHECK(strstr(text, ">880 more mappings are not drawn<"), "%.400s", text);
	CHECK(strlen(text) < 200000, "%zu octets", strlen(text));
	free(text);
}

static void nothing_to_draw_is_said(void)
{
	struct flows flows = { .count = 0 };
	char *text = drawn(&flows);

	CHECK(strstr(text, ">no guest is known outside at present<"), "%s", text);
	CHECK(strstr(text, "</svg>"), "%s", text);
	free(text);
}

/* Sessions without a mapping, protocols that there are not: whatever a kernel may say. */
static void nonsense_is_drawn_without_harm(void)
{
	uint64_t seed = tap_seed();

	for (int round = 0; round < 200; round++) {
		struct vnic_flow at[300];
		struct flows flows = { .at = at, .count = tap_next(&seed) % 300 };

		for (size_t i = 0; i < flows.count; i++) {
			at[i] = flow(tap_next(&seed) % 20, "10.9.0.2", tap_next(&seed) % 4, tap_next(&seed) % 4, NULL, 0);
			at[i].remote = tap_next(&seed) % 3;
			at[i].state = tap_next(&seed);
			at[i].flags = tap_next(&seed);
			at[i].left_ms = tap_next(&seed);
		}
		free(drawn(&flows));
	}
}

int main(void)
{
	RUN(a_mapping_comes_before_its_sessions);
	RUN(only_the_mapping_of_a_forward_is_counted);
	RUN(time_left_is_short);
	RUN(json_says_null_for_what_there_is_not);
	RUN(the_picture_has_both_ends_of_every_mapping);
	RUN(a_session_begins_where_its_mapping_ends);
	RUN(a_picture_of_many_says_what_it_leaves_out);
	RUN(nothing_to_draw_is_said);
	RUN(nonsense_is_drawn_without_harm);
	return tap_done();
}
