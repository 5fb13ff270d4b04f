#!/bin/sh
# Inside the course VM: vnic as a user types it. Each `t NAME COMMAND` leaves NAME.out, NAME.err
# and NAME.code in /out; judges nothing, test_vnic_tool.py does. Called with the module's file.
#
#	guest  v0 10.9.0.2 --+
#	                     +-- host, 192.0.2.1 (eth0) ---- outside, 198.51.100.7
#	other  v1 10.9.0.3 --+
#
# The host is a network namespace, in which every command runs that does not say otherwise.
module=$1
PATH=/virtlab/build/bin:$PATH
cd /out || exit 1

t() {
	name=$1
	shift
	ip netns exec host "$@" >"$name.out" 2>"$name.err" </dev/null
	echo $? >"$name.code"
}

in_guest() {
	ip netns exec guest "$@"
}

# For what is waited for: of a function in the background, $! is not the command.
h() {
	ip netns exec host "$@"
}

# say NAMESPACE PORT ADDRESS PORT: one datagram.
say() {
	ip netns exec "$1" python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', $2))
s.sendto(b'x', ('$3', $4))"
}

# say6 NAMESPACE FROM ADDRESS: likewise of IPv6, to port 53.
say6() {
	ip netns exec "$1" python3 -c "
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(('$2', 4000))
s.sendto(b'x', ('$3', 53))"
}

lay_the_wire() {
	for n in host outside guest other; do
		ip netns add $n
		ip -n $n link set lo up
	done
	ip -n host link add eth0 type veth peer name wire netns outside
	ip -n host address add 192.0.2.1/24 dev eth0
	ip -n host link set eth0 up
	ip -n outside address add 192.0.2.254/24 dev wire
	ip -n outside address add 198.51.100.7/32 dev lo
	ip -n outside link set wire up
	ip -n host route add default via 192.0.2.254
}

without_module() {
	t no_module vnic list
}

usage() {
	t help vnic --help
	t no_verb vnic
	t bad_verb vnic lsit
	t bad_option vnic create x --subent 10.9.0.0/24
	t create_no_name vnic create --subnet 10.9.0.0/24
	t create_no_subnet vnic create x --uplink eth0
	t create_no_uplink vnic create x --subnet 10.9.0.0/24
	t create_host_bits vnic create x --subnet 10.9.0.1/24 --uplink eth0
	t create_name vnic create a/b --subnet 10.9.0.0/24 --uplink eth0
	t create_quota vnic create x --subnet 10.9.0.0/24 --uplink eth0 --mappings 10 --quota 11
	t create_ports vnic create x --subnet 10.9.0.0/24 --uplink eth0 --ports 80-79
	t create_filtering vnic create x --subnet 10.9.0.0/24 --uplink eth0 --filtering full-cone
	t create_dns vnic create x --subnet 10.9.0.0/24 --uplink eth0 --dns 127.0.0.53
	t attach_nothing vnic attach
	t attach_mac vnic attach lan v0 --mac 01:00:5e:00:00:01
	t forward_arrow sh -c 'vnic forward tcp 8080 -> 10.9.0.2:80'
	t forward_no_port vnic forward tcp 8080 10.9.0.2
	t forward_icmp vnic forward icmp 8080 10.9.0.2:80
	t set_typo vnic set tiemout udp 5
	t set_zero vnic set timeout udp 0
	t set_dns vnic set dns 1.1.1.1,dns.example
	t explain_half6 vnic explain 'udp [fd00:9::2] -> [2001:db8:5::7]:53'
	t explain_mixed vnic explain 'icmp fd00:9::2 -> 198.51.100.7'
	t explain_half vnic explain udp 10.9.0.2:4000
	t list_name vnic list lan
	t flows_count vnic flows -n 3
	t rm_nothing vnic rm
}

creating() {
	t empty vnic list
	t empty_json vnic list --json
	t empty_stats vnic stats --json
	t empty_flows vnic flows --json
	t empty_forward vnic forward tcp 8080 10.9.0.2:80
	t lan vnic create lan --subnet 10.9.0.0/24 --uplink eth0
	t taken vnic create lan --subnet 10.10.0.0/24 --uplink eth0
	t overlap vnic create big --subnet 10.0.0.0/8 --uplink eth0
	t overlap_uplink vnic create x --subnet 192.0.2.128/25 --uplink eth0
	t no_uplink vnic create x --subnet 10.10.0.0/24 --uplink eth1
	t no_such_uplink vnic create x --subnet 10.10.0.0/24 --uplink nowhere
	t loopback vnic create x --subnet 127.0.0.0/8 --uplink eth0
	t tiny vnic create -v tiny --subnet 10.8.0.0/30 --uplink eth0 --ports 5000-5999 --mappings 1000 --quota 10 \
		--filtering address-dependent --joined
	t tiny_json vnic list --json
	t two_networks vnic forward tcp 8080 10.9.0.2:80
	t misspelt vnic flows lna
	t unknown vnic flows nothing-like-it
}

attaching() {
	for card in v0 v1 v2 v3; do
		ip -n host link add $card type vnic
	done
	ip -n host link add ve0 type veth peer name ve1
	ip -n host link add br0 type bridge
	t attach vnic attach lan v0
	t attach_address vnic attach lan v1 --address 10.9.0.3 --mac 02:00:00:00:00:03
	t attach_again vnic attach lan v0
	t attach_veth vnic attach lan ve0
	t attach_bridge vnic attach lan br0
	t attach_nobody vnic attach lan v9
	t attach_no_device vnic attach lan wlan-first-floor
	t attach_taken vnic attach lan v2 --address 10.9.0.2
	t attach_gateway vnic attach lan v2 --address 10.9.0.1
	t attach_elsewhere vnic attach lan v2 --address 10.10.0.2
	t attach_no_network vnic attach lam v2
	t attach_tiny vnic attach -v tiny v2
	t attach_full vnic attach tiny v3
	t detach_none vnic detach v3
	t detach_veth vnic detach ve0
	t detach_nobody vnic detach v9
	t detach vnic detach -v v2
	# Into their namespaces; the guest asks for its address itself.
	ip -n host link set v0 netns guest
	ip -n host link set v1 netns other
	ip -n guest link set v0 up
	cat >/root/configure <<-"EOF"
	#!/bin/sh
	[ "$1" != bound ] || { ip address add $ip/$mask dev $interface; ip route add default via $router; }
	EOF
	chmod +x /root/configure
	in_guest udhcpc -i v0 -f -n -q -s /root/configure >dhcp.log 2>&1
	# Its MAC was given: the device gets it.
	ip -n other link set v1 address 02:00:00:00:00:03
	ip -n other link set v1 up
	ip -n other address add 10.9.0.3/24 dev v1
	ip -n other route add default via 10.9.0.1
	# What a program holds that speaks to /dev/vnic as to a TAP device.
	ip netns exec host python3 -c "
import fcntl, struct, time
card = open('/dev/vnic', 'r+b', buffering=0)
fcntl.ioctl(card, 0x400454ca, struct.pack('16sH22x', b'tap0', 0x1002))
time.sleep(3600)" & tap=$!
	n=0
	until ip -n host link show tap0 >/dev/null 2>&1 || [ $n -gt 100 ]; do
		n=$((n+1))
		sleep 0.2
	done
	ip -n host link set tap0 master br0
	t attach_bridged vnic attach lan tap0
	ip -n host link set tap0 nomaster
	t attach_tap vnic attach lan tap0 --address 10.9.0.50
	t list vnic list
	t list_json vnic list --json
	kill $tap
	wait $tap
	t rm_tiny vnic rm -v tiny
}

forwarding() {
	ip netns exec host python3 -m http.server 8099 --bind 192.0.2.1 >/dev/null 2>&1 & hosts=$!
	ip netns exec guest python3 -m http.server 80 >/dev/null 2>&1 & guests=$!
	n=0
	until h ss -tln | grep -q :8099 && in_guest ss -tln | grep -q :80 || [ $n -gt 100 ]; do
		n=$((n+1))
		sleep 0.2
	done
	t forward vnic forward tcp 8080 '->' 10.9.0.2:80
	t forward_address vnic forward lan udp 192.0.2.1:5353 10.9.0.3:53
	t forward_again vnic forward tcp 8080 10.9.0.3:80
	t forward_inside vnic forward tcp 8081 10.9.0.2:80
	t forward_host vnic forward tcp 8099 10.9.0.3:80
	t forward_nobody vnic forward tcp 8082 10.9.0.77:80
	t forward_foreign vnic forward tcp 192.0.2.77:8082 10.9.0.3:80
	t through ip netns exec outside curl -s -o /dev/null -w '%{http_code}' --max-time 20 http://192.0.2.1:8080/
	t forwards vnic list
	t forwards_json vnic list --json
	t unforward_none vnic unforward tcp 9999
	t unforward vnic unforward udp 192.0.2.1:5353
	t forward_quiet vnic list --json
	kill $hosts
}

# The last look on the terminal is whole, and its first line was scrolled away.
scrolled() {
	awk 'BEGIN { RS = "\033\\[H" } { last = $0 } END { exit !sub(/up\/down.*/, "", last) || last ~ /icmp/ }' screen.out
}

talking() {
	# An echo's mapping is to be there until the last look, however slow the machine.
	h vnic set lan timeout icmp 600
	say guest 4000 198.51.100.7 53
	say guest 4001 198.51.100.7 53
	in_guest ping -c 1 -W 5 198.51.100.7 >ping.log 2>&1
	t flows vnic flows
	t flows_json vnic flows lan --json
	t flows_watch vnic flows --watch -n 2 -d 0.2
	t flows_watch_json vnic flows --watch -n 2 -d 0.2 --json
	t flows_full sh -c 'vnic flows >/dev/full'
	: >screen.out
	(n=0; until grep -q 'up/down scroll' screen.out || [ $n -gt 150 ]; do n=$((n+1)); sleep 0.2; done
	 printf '\033[B'
	 n=0; until scrolled || [ $n -gt 150 ]; do n=$((n+1)); sleep 0.2; done
	 printf q) |
		h env TERM=xterm script -qec 'stty rows 12 cols 100; vnic flows --watch -d 0.3' /dev/null \
			>screen.out 2>screen.err
	echo $? >screen.code
	t stats vnic stats
	t stats_all vnic stats lan --all
	t stats_json vnic stats --json
	t draw vnic draw -o flows.svg
	t draw_nowhere vnic draw -o /nonexistent/flows.svg
	t draw_pipe sh -c 'vnic draw | head -c 4'
	h vnic set lan timeout icmp 60
}

explaining() {
	t explain_known vnic explain 'udp 10.9.0.2:4000 -> 198.51.100.7:53'
	t explain_known_json vnic explain --json udp 10.9.0.2:4000 '->' 198.51.100.7:53
	t explain_new_json vnic explain --json 'tcp 10.9.0.3:5555 198.51.100.7:80'
	t explain_back_json vnic explain --json 'udp 203.0.113.9:53 -> 192.0.2.1:4000'
	t explain_forward_json vnic explain --json 'tcp 203.0.113.9:999 -> 192.0.2.1:8080'
	t explain_host_json vnic explain --json 'udp 203.0.113.9:53 -> 192.0.2.1:80'
	t explain_syn_json vnic explain --json 'tcp 203.0.113.9:53 -> 192.0.2.1:2000'
	t explain_isolated_json vnic explain --json 'tcp 10.9.0.2:5 -> 10.9.0.3:80'
	t explain_martian_json vnic explain --json 'tcp 10.9.0.2:5 -> 127.0.0.1:80'
	t explain_gateway_json vnic explain --json 'icmp 10.9.0.2 -> 10.9.0.1'
	t explain_hairpin_json vnic explain --json 'tcp 10.9.0.3:5 -> 192.0.2.1:8080'
	t explain_elsewhere_json vnic explain --json 'tcp 203.0.113.9:53 -> 192.0.2.99:2000'
	t explain_taken_json vnic explain --json 'udp 10.9.0.3:4000 -> 198.51.100.7:53'
	# Of two networks on one uplink, the one that the packet is of.
	h vnic create dmz --subnet 10.7.0.0/24 --uplink eth0
	h vnic attach dmz v3
	h vnic forward dmz tcp 7000 10.7.0.2:70
	t explain_dmz_json vnic explain --json 'tcp 203.0.113.9:5 -> 192.0.2.1:7000'
	t explain_from_dmz_json vnic explain --json 'tcp 10.7.0.2:5 -> 198.51.100.7:80'
	t explain_lan_json vnic explain --json 'udp 203.0.113.9:53 -> 192.0.2.1:4000'
	t explain_neither_json vnic explain --json 'tcp 203.0.113.9:53 -> 192.0.2.1:2000'
	t forward_other vnic forward lan tcp 7000 10.9.0.3:70
	t flows_of_both vnic flows
	h vnic rm dmz
	t explain_nobody vnic explain 'udp 10.9.0.77:4000 -> 198.51.100.7:53'
}

changing() {
	t settings vnic set lan
	t set_v vnic set -v lan filtering address-dependent joined on ports 2000-2999 quota 9
	t set_quota vnic set lan quota 70000
	t set_none vnic set nobody quota 5
	t explain_filtered_json vnic explain --json 'udp 203.0.113.9:53 -> 192.0.2.1:4000'
	t explain_joined_json vnic explain --json 'tcp 10.9.0.2:5 -> 10.9.0.3:80'
	t flows_before vnic flows --json
	t set vnic set timeout udp 1
	t settings_after vnic set
	# An expired mapping is gone, to everybody.
	sleep 2
	t flows_expired vnic flows --json
	# It is freed by and by; until then a longer timeout would have it back. An echo's and a forward stay.
	n=0
	until h vnic status --json | grep -q '"mappings": [0-2],' || [ $n -gt 150 ]; do
		n=$((n+1))
		sleep 0.2
	done
	h vnic set timeout udp 1h
	in_guest python3 -c "
import socket
for port in range(4100, 4112):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('', port))
    s.sendto(b'x', ('198.51.100.7', 53))"
	t flows_quota vnic flows --json
	t explain_quota_json vnic explain --json 'udp 10.9.0.2:4200 -> 198.51.100.7:53'
	ip -n host link set eth0 down
	t down vnic list
	t status_down vnic status
	t explain_down_json vnic explain --json 'udp 10.9.0.2:4200 -> 198.51.100.7:53'
	t forward_down vnic forward tcp 8088 10.9.0.3:88
	ip -n host link set eth0 up
	ip -n host route replace default via 192.0.2.254
	t status vnic status
	t status_json vnic status --json
}

# dns_by_dhcp NAME: what a guest hears of DNS servers when it asks for its address.
dns_by_dhcp() {
	in_guest udhcpc -i s0 -f -n -q -s /root/hear >$1.log 2>&1
	cp /root/heard $1.heard
}

# dns_by_router NAME: of IPv6, when it asks for a router.
dns_by_router() {
	in_guest python3 -c "
import ipaddress, socket
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.settimeout(20)
s.sendto(b'\\x85' + bytes(7), ('ff02::2', 0, 0, socket.if_nametoindex('s0')))
while (said := s.recv(1500))[0] != 134:
    pass
at = 16
while at < len(said):
    length = 8 * said[at + 1]
    if said[at] == 25:
        print(*(ipaddress.ip_address(said[i:i + 16]) for i in range(at + 8, at + length, 16)))
    at += length" >$1.heard 2>$1.log
}

six() {
	ip -n host address add 2001:db8:1::1/64 dev eth0 nodad
	ip -n outside address add 2001:db8:1::254/64 dev wire nodad
	ip -n outside address add 2001:db8:5::7/128 dev lo nodad
	ip -n host route add default via 2001:db8:1::254 dev eth0
	ip -n outside route add 2001:db8:9::/64 via 2001:db8:1::1
	t six vnic create six --subnet 10.6.0.0/24 --uplink eth0 --ipv6 fd00:9::/64=2001:db8:9::/64 \
		--dns 198.51.100.53,198.51.100.54,2001:db8:5::53
	for card in s0 s1; do
		ip -n host link add $card type vnic
		h vnic attach six $card
	done
	# Addresses are given here, and not probed: so no guest has one before it sends. As a router
	# advertisement has it, all others of the prefix are behind the gateway.
	ip -n host link set s0 netns guest
	ip -n host link set s1 netns other
	ip netns exec guest sysctl -qw net.ipv6.conf.s0.accept_ra=0
	ip netns exec other sysctl -qw net.ipv6.conf.s1.accept_ra=0
	ip -n guest link set s0 up
	ip -n other link set s1 up
	ip -n guest address add fd00:9::2/128 dev s0 nodad
	ip -n other address add fd00:9::3/128 dev s1 nodad
	ip -n guest route add default via fe80::1 dev s0
	ip -n other route add default via fe80::1 dev s1
	cat >/root/hear <<-"EOF"
	#!/bin/sh
	[ "$1" != bound ] || echo "$dns" >/root/heard
	EOF
	chmod +x /root/hear
	t six_list_json vnic list --json
	dns_by_dhcp six_dhcp
	dns_by_router six_router
	t six_dns_none vnic set six dns none
	dns_by_dhcp six_dhcp_none
	dns_by_router six_router_none
	t six_settings vnic set six
	t six_settings_again sh -c 'vnic set six dns 198.51.100.9 quota 100 && vnic set six'

	t explain_six_first_json vnic explain --json 'udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53'
	ip netns exec outside timeout 60 python3 -c "
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(('2001:db8:5::7', 53))
print('[%s]:%u' % s.recvfrom(9)[1][:2])" >six_seen.out 2>six_seen.err & seen=$!
	n=0
	until ip netns exec outside ss -6uln | grep -q '2001:db8:5::7' || [ $n -gt 100 ]; do
		n=$((n+1))
		sleep 0.2
	done
	say6 guest fd00:9::2 2001:db8:5::7
	wait $seen
	say6 other fd00:9::3 2001:db8:5::7
	sleep 1
	t six_stats_before vnic stats six --json
	t explain_six_out vnic explain 'udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53'
	t explain_six_out_json vnic explain --json 'udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53'
	t explain_six_back_json vnic explain --json 'udp [2001:db8:5::7]:53 -> [2001:db8:9:0:cf47::2]:4000'
	t explain_six_stranger_json vnic explain --json 'tcp [2001:db8:6::1]:5 -> [2001:db8:9:0:cf47::2]:22'
	t explain_six_nobody_json vnic explain --json 'tcp [2001:db8:5::7]:53 -> [2001:db8:9:0:cf47::77]:22'
	t explain_six_elsewhere_json vnic explain --json 'tcp [2001:db8:5::7]:53 -> [2001:db8:77::2]:22'
	t explain_six_isolated_json vnic explain --json 'udp [fd00:9::2]:4000 -> [fd00:9::3]:53'
	t explain_six_absent_json vnic explain --json 'udp [fd00:9::2]:4000 -> [fd00:9::99]:53'
	t explain_six_hairpin_json vnic explain --json 'udp [fd00:9::2]:4000 -> [2001:db8:9:0:cf47::3]:53'
	t explain_six_around_json vnic explain --json 'udp [fd00:9::2]:4000 -> [2001:db8:9:0:cf47::77]:53'
	t explain_six_gateway_json vnic explain --json 'icmp fd00:9::2 -> fe80::1'
	t explain_six_link_json vnic explain --json 'icmp fe80::2 -> fe80::3'
	t explain_six_group_json vnic explain --json 'udp [fd00:9::2]:5353 -> [ff02::fb]:5353'
	t explain_six_source_json vnic explain --json 'udp [fe80::2]:4000 -> [2001:db8:5::7]:53'
	t explain_six_martian_json vnic explain --json 'udp [fd00:9::2]:4000 -> [::ffff:198.51.100.7]:53'
	t explain_six_no_word_json vnic explain --json 'udp [fd00:9::]:4000 -> [2001:db8:5::7]:53'
	t explain_six_none_json vnic explain --json lan 'udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53'
	t explain_six_unclaimed_json vnic explain --json 'udp [fd00:9::98]:4000 -> [2001:db8:5::7]:53'
	t explain_six_claimed_json vnic explain --json 'udp [fd00:9::98]:4000 -> [2001:db8:5::7]:53'
	t six_stats_explained vnic stats six --json
	for to in 2001:db8:5::7 fd00:9::3 2001:db8:9:0:cf47::3 2001:db8:9:0:cf47::77; do
		say6 guest fd00:9::2 $to
	done
	sleep 1
	t six_stats_after vnic stats six --json
	h vnic set six joined on
	t explain_six_joined_json vnic explain --json 'udp [fd00:9::2]:4000 -> [fd00:9::3]:53'
	ip -n host -6 route del default
	t explain_six_no_route_json vnic explain --json 'udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53'
	h vnic rm six
	ip -n guest link del s0
	ip -n other link del s1
}

as_nobody() {
	user="setpriv --reuid 65534 --regid 65534 --clear-groups"
	t user_list $user vnic list
	t user_stats $user vnic stats
	t user_settings $user vnic set lan
	t user_create $user vnic create x --subnet 10.11.0.0/24 --uplink eth0
	t user_flows $user vnic flows
	t user_rm $user vnic rm lan
	t user_set $user vnic set lan quota 5
	t user_explain $user vnic explain 'udp 10.9.0.2:4000 -> 198.51.100.7:53'
}

removing() {
	t rm_missing vnic rm lan nobody
	t after_rm_missing vnic list --json
	t rm vnic rm -v lan
	t after_rm vnic list --json
	kill $guests
	ip -n guest link del v0
	ip -n other link del v1
	ip -n host link del v2
	ip -n host link del v3
}

# The examples of the manual page, one after the other.
examples() {
	sed -n '/^\.SH EXAMPLES/,/^\.fi/{/^\(vnic\|ip\) /p}' /virtlab/docs/man/vnic.1 | sed 's/\\-/-/g' >examples.sh
	mkdir examples
	n=0
	while read -r line; do
		n=$((n+1))
		t example_$n sh -c "cd examples && $line"
	done <examples.sh
	t after_examples vnic list --json
}

lay_the_wire
without_module
usage
modprobe nf_defrag_ipv4
modprobe nf_defrag_ipv6
insmod "$module"
for step in creating attaching forwarding talking explaining changing six as_nobody removing examples; do
	start=$(date +%s)
	$step
	echo "vnic: $step: $(($(date +%s) - start)) s"
done
for n in guest other outside host; do
	ip netns del $n
done
rmmod vnic >unload.out 2>unload.err
echo $? >unload.code
