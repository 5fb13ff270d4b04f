// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who inside is known outside by which port, as a picture:
 *
 *	10.9.0.2                 192.0.2.1
 *	  tcp  4000 ------------- 4000  tcp ----------- 198.51.100.7:80
 *	  tcp  4001 ----   ------ 4001  tcp
 *	              \ /
 *	10.9.0.3       X
 *	  tcp  4001 --- \ ------- 4002  tcp ----------- 198.51.100.7:80
 *
 * Inside ends by guest on the left, outside ends by port in the middle, and on the right whom
 * sessions are with. Called by cmd_draw.c.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "svg.h"
#include "vnic_tool.h"

/* More would be a thicket. */
#define MAPPINGS_MAX 120
#define REMOTES_MAX 160

#define ROW 22
#define TOP 96
#define INSIDE_X 30.0
#define OUTSIDE_X 360.0
#define REMOTE_X 690.0
#define BOX 170.0
#define REMOTE_BOX 190.0

/**
 * struct drawn - a mapping in the picture
 * @flow: of it
 * @inside_y: middle of its inside end
 * @outside_y: likewise
 * @colour: its guest's
 * @heads_inside: it is the first one of its guest
 * @heads_outside: it is the first one of its outside address
 */
struct drawn {
	const struct vnic_flow *flow;
	double inside_y;
	double outside_y;
	const char *colour;
	bool heads_inside;
	bool heads_outside;
};

/**
 * struct remote - one whom somebody has a session with
 * @flow: one of its sessions
 * @y: middle
 */
struct remote {
	const struct vnic_flow *flow;
	double y;
};

/**
 * struct picture - what is worked out before anything is drawn
 * @out: where
 * @flows: all
 * @mappings: those drawn, in the order of their inside ends
 * @count: how many
 * @left_out: mappings that are not drawn
 * @remotes: each once, by address and port
 * @remote_count: how many
 * @bottom: of the lowest thing
 */
struct picture {
	FILE *out;
	const struct flows *flows;
	struct drawn mappings[MAPPINGS_MAX];
	size_t count;
	size_t left_out;
	struct remote remotes[REMOTES_MAX];
	size_t remote_count;
	double bottom;
};

/* --- order --- */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static uint64_t key(__be32 address, __be16 port, uint8_t protocol)
{
	return (uint64_t)ntohl(address) << 24 | (uint64_t)ntohs(port) << 8 | protocol;
}

static int by_inside(const void *one, const void *other)
{
	const struct vnic_flow *a = ((const struct drawn *)one)->flow;
	const struct vnic_flow *b = ((const struct drawn *)other)->flow;

	return compare(key(a->inside, a->inside_port, a->protocol),
		       key(b->inside, b->inside_port, b->protocol));
}

static int by_outside(const void *one, const void *other)
{
	const struct vnic_flow *a = ((const struct drawn *)one)->flow;
	const struct vnic_flow *b = ((const struct drawn *)other)->flow;

	return compare(key(a->outside, a->outside_port, a->protocol),
		       key(b->outside, b->outside_port, b->protocol));
}

static uint64_t remote_key(const struct vnic_flow *flow)
{
	return key(flow->remote, flow->remote_port, flow->protocol);
}

static int by_remote(const void *one, const void *other)
{
	return compare(remote_key(((const struct remote *)one)->flow),
		       remote_key(((const struct remote *)other)->flow));
}

static bool of_mapping(const struct vnic_flow *session, const struct vnic_flow *mapping)
{
	return !flow_is_mapping(session) && session->protocol == mapping->protocol &&
	       session->inside == mapping->inside && session->inside_port == mapping->inside_port &&
	       session->outside == mapping->outside &&
	       session->outside_port == mapping->outside_port;
}

/* --- what goes where --- */

static void meet_remote(struct picture *picture, const struct vnic_flow *session)
{
	for (size_t i = 0; i < picture->remote_count; i++)
		if (remote_key(picture->remotes[i].flow) == remote_key(session))
			return;
	if (picture->remote_count < REMOTES_MAX)
		picture->remotes[picture->remote_count++].flow = session;
}

/* A session follows its mapping: of one that is not drawn, none is. */
static void choose(struct picture *picture)
{
	const struct flows *flows = picture->flows;
	const struct vnic_flow *mapping = NULL;

	for (size_t i = 0; i < flows->count; i++) {
		const struct vnic_flow *flow = &flows->at[i];

		if (!flow_is_mapping(flow)) {
			if (mapping && of_mapping(flow, mapping))
				meet_remote(picture, flow);
		} else if (picture->count < MAPPINGS_MAX) {
			mapping = flow;
			picture->mappings[picture->count++].flow = flow;
		} else {
			mapping = NULL;
			picture->left_out++;
		}
	}
	if (picture->remote_count)
		qsort(picture->remotes, picture->remote_count, sizeof(*picture->remotes),
		      by_remote);
}

static void below(struct picture *picture, double y)
{
	if (y > picture->bottom)
		picture->bottom = y;
}

/* By outside ends. An address takes a row of its own, above its ports. */
static void place_outside(struct picture *picture)
{
	struct drawn *m = picture->mappings;
	double y = TOP;

	qsort(m, picture->count, sizeof(*m), by_outside);
	for (size_t i = 0; i < picture->count; i++, y += ROW) {
		m[i].heads_outside = !i || m[i].flow->outside != m[i - 1].flow->outside;
		if (m[i].heads_outside)
			y += i ? ROW * 1.5 : ROW;
		m[i].outside_y = y;
	}
	below(picture, y);
}

/* By inside ends, in which order the mappings stay; likewise. */
static void place_inside(struct picture *picture)
{
	struct drawn *m = picture->mappings;
	size_t guests = 0;
	double y = TOP;

	qsort(m, picture->count, sizeof(*m), by_inside);
	for (size_t i = 0; i < picture->count; i++, y += ROW) {
		m[i].heads_inside = !i || m[i].flow->inside != m[i - 1].flow->inside;
		if (m[i].heads_inside) {
			y += i ? ROW * 1.5 : ROW;
			guests++;
		}
		m[i].colour = svg_colour(guests - 1);
		m[i].inside_y = y;
	}
	below(picture, y);
}

static void place_remotes(struct picture *picture)
{
	for (size_t i = 0; i < picture->remote_count; i++)
		picture->remotes[i].y = TOP + ROW * (double)(i + 1);
	below(picture, TOP + ROW * (double)(picture->remote_count + 1));
}

/* --- drawing --- */

static void box(FILE *out, double x, double y, double width, const char *colour)
{
	fprintf(out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"4\" fill=\"%s\" "
		"fill-opacity=\"0.12\" stroke=\"%s\"/>\n",
		x, y - ROW * 0.5 + 2, width, ROW - 4, colour, colour);
}

static void curve(FILE *out, double x1, double y1, double x2, double y2, const char *colour,
		  const char *how)
{
	double middle = (x1 + x2) / 2;

	fprintf(out,
		"<path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\" fill=\"none\" "
		"stroke=\"%s\" %s/>\n",
		x1, y1, middle, y1, middle, y2, x2, y2, colour, how);
}

static void port_words(char *text, size_t size, const struct vnic_flow *flow, __be16 port)
{
	const char *protocol = protocol_name(flow->protocol);

	snprintf(text, size, flow->protocol == IPPROTO_ICMP ? "%s id %u" : "%s %u",
		 protocol ? protocol : "?", ntohs(port));
}

static void draw_mapping(const struct picture *picture, const struct drawn *m)
{
	bool forward = flow_is_forward(m->flow);
	char text[48], left[24];
	FILE *out = picture->out;

	box(out, INSIDE_X, m->inside_y, BOX, m->colour);
	port_words(text, sizeof(text), m->flow, m->flow->inside_port);
	svg_text(out, INSIDE_X + 10, m->inside_y + 4, "", text);
	box(out, OUTSIDE_X, m->outside_y, BOX, m->colour);
	port_words(text, sizeof(text), m->flow, m->flow->outside_port);
	svg_text(out, OUTSIDE_X + 10, m->outside_y + 4, "", text);
	flow_left(left, sizeof(left), m->flow);
	svg_text(out, OUTSIDE_X + BOX - 8, m->outside_y + 4,
		 "text-anchor=\"end\" fill=\"#666\" font-size=\"11\"", forward ? "forward" : left);
	curve(out, INSIDE_X + BOX, m->inside_y, OUTSIDE_X, m->outside_y, m->colour,
	      forward ? "stroke-width=\"2\" stroke-dasharray=\"6 4\"" : "stroke-width=\"2\"");
}

static void draw_sessions(const struct picture *picture)
{
	for (size_t i = 0; i < picture->flows->count; i++) {
		const struct vnic_flow *flow = &picture->flows->at[i];
		const struct drawn *m = NULL;
		const struct remote *r = NULL;

		for (size_t k = 0; k < picture->count && !m; k++)
			if (of_mapping(flow, picture->mappings[k].flow))
				m = &picture->mappings[k];
		for (size_t k = 0; m && k < picture->remote_count && !r; k++)
			if (remote_key(picture->remotes[k].flow) == remote_key(flow))
				r = &picture->remotes[k];
		if (r)
			curve(picture->out, OUTSIDE_X + BOX, m->outside_y, REMOTE_X, r->y,
			      m->colour, "stroke-width=\"1.2\" stroke-opacity=\"0.8\"");
	}
}

static void draw_remotes(const struct picture *picture)
{
	for (size_t i = 0; i < picture->remote_count; i++) {
		const struct remote *r = &picture->remotes[i];
		const char *protocol = protocol_name(r->flow->protocol);
		char text[64], end[END_SIZE];

		format_end(end, r->flow->remote, r->flow->remote_port);
		if (!r->flow->remote_port)
			format_address(end, r->flow->remote);
		snprintf(text, sizeof(text), "%s %s", protocol ? protocol : "?", end);
		box(picture->out, REMOTE_X, r->y, REMOTE_BOX, "#777777");
		svg_text(picture->out, REMOTE_X + 10, r->y + 4, "", text);
	}
}

static void head(const struct picture *picture, double x, double y, const char *colour,
		 __be32 address)
{
	char attributes[64], text[END_SIZE];

	format_address(text, address);
	snprintf(attributes, sizeof(attributes), "font-weight=\"bold\" fill=\"%s\"", colour);
	svg_text(picture->out, x, y - ROW + 4, attributes, text);
}

static void draw_heads(const struct picture *picture)
{
	for (size_t i = 0; i < picture->count; i++) {
		const struct drawn *m = &picture->mappings[i];

		if (m->heads_inside)
			head(picture, INSIDE_X, m->inside_y, m->colour, m->flow->inside);
		if (m->heads_outside)
			head(picture, OUTSIDE_X, m->outside_y, "#222", m->flow->outside);
	}
	svg_text(picture->out, INSIDE_X, TOP - 24, "fill=\"#555\"", "inside");
	svg_text(picture->out, OUTSIDE_X, TOP - 24, "fill=\"#555\"",
		 "outside, and how long it lives");
	if (picture->remote_count)
		svg_text(picture->out, REMOTE_X, TOP - 24, "fill=\"#555\"", "with whom");
}

static void begin(const struct picture *picture, const struct vnic_ioc_network *network)
{
	char title[96], subtitle[160], subnet[END_SIZE];
	size_t all = picture->count + picture->left_out;

	format_address(subnet, network->subnet);
	snprintf(title, sizeof(title), "%s: %s/%u on %s", network->name, subnet, network->prefix,
		 network->uplink);
	snprintf(subtitle, sizeof(subtitle),
		 "%zu mapping%s; dashed: forwarded to a guest; %s filtering", all,
		 all == 1 ? "" : "s", filtering_name(network));
	svg_begin(picture->out, REMOTE_X + REMOTE_BOX + 30, picture->bottom + 40, title, subtitle);
}

static void end(const struct picture *picture)
{
	char text[80];

	if (!picture->count)
		svg_text(picture->out, INSIDE_X, TOP + 4, "fill=\"#555\"",
			 "no guest is known outside at present");
	if (picture->left_out) {
		snprintf(text, sizeof(text), "%zu more mappings are not drawn", picture->left_out);
		svg_text(picture->out, INSIDE_X, picture->bottom + 16, "fill=\"#555\"", text);
	}
	svg_end(picture->out);
}

/* @flows are sorted. */
void draw_flows(FILE *out, const struct vnic_ioc_network *network, const struct flows *flows)
{
	struct picture picture = { .out = out, .flows = flows, .bottom = TOP };

	choose(&picture);
	place_outside(&picture);
	place_inside(&picture);
	place_remotes(&picture);
	begin(&picture, network);
	for (size_t i = 0; i < picture.count; i++)
		draw_mapping(&picture, &picture.mappings[i]);
	draw_sessions(&picture);
	draw_remotes(&picture);
	draw_heads(&picture);
	end(&picture);
}
