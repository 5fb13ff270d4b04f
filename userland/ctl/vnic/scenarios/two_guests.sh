# Two containers share one address. Each has a card of its own, in a network of their own behind the
# uplink; outside, a web server sees both by one address, and whoever is outside reaches the web
# server of one of them by a port of that address. The picture has who is known by which port.
set -e
bin=/virtlab/build/bin
out=${1:-/out}
inside() { ip netns exec "$@"; }
page() { mkdir -p /tmp/$1; echo "$2" >/tmp/$1/index.html; }

# Outside: a host at the other end of the uplink, with a web server.
ip link set lo up
ip netns add outside
ip link add uplink type veth peer name eth0 netns outside
ip addr add 192.0.2.1/24 dev uplink
ip link set uplink up
ip -n outside link set lo up
ip -n outside addr add 192.0.2.80/24 dev eth0
ip -n outside link set eth0 up
page outside "this is outside"
ip netns exec outside $bin/httpd --design event --listen 192.0.2.80:80 --root /tmp/outside >/dev/null &
servers=$!

# Inside: a network, and two guests in it.
$bin/vnic create office --subnet 10.9.0.0/24 --uplink uplink
for guest in anna bert; do
	ip netns add $guest
	ip link add card-$guest type vnic
	$bin/vnic attach office card-$guest
	ip link set card-$guest netns $guest name eth0
	inside $guest ip link set lo up
	inside $guest ip link set eth0 up
	inside $guest udhcpc -i eth0 -q -f -n >/dev/null 2>&1
done
page bert "this is bert's"
ip netns exec bert $bin/httpd --design event --listen 10.9.0.3:80 --root /tmp/bert >/dev/null &
servers="$servers $!"
$bin/vnic forward office tcp 8080 10.9.0.3:80
sleep 1

echo "anna asks outside:  $(inside anna curl -s http://192.0.2.80/)"
echo "outside asks 8080:  $(inside outside curl -s http://192.0.2.1:8080/)"
echo "anna asks 8080:     $(inside anna curl -s http://192.0.2.1:8080/)"
for n in 1 2 3; do
	inside bert curl -s http://192.0.2.80/ >/dev/null
	inside anna ping -c 1 -W 1 192.0.2.80 >/dev/null
done
$bin/vnic flows office
$bin/vnic explain office 'tcp 10.9.0.2:5000 -> 192.0.2.80:80'
$bin/vnic explain office 'udp 192.0.2.80:53 -> 192.0.2.1:9999'
$bin/vnic draw office -o $out/two_guests.svg

kill $servers
wait $servers || true
$bin/vnic rm office
for name in anna bert outside; do ip netns del $name; done
