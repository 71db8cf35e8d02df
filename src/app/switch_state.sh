# Prints `tag <interface> <its tag>` for each interface that the node's own VPP has, then what VPP
# says of its memifs.
#
# Arguments: CLI socket, deadline of a question in seconds, names of interfaces.
set -fu
socket=$1 patience=$2
shift 2
command -v vppctl >/dev/null || {
	echo "vppctl is not in the PATH of the node" >&2
	exit 1
}
ask() { timeout "$patience" vppctl -s "$socket" "$@" 2>/dev/null </dev/null | tr -d '\r'; }
timeout "$patience" vppctl -s "$socket" show version >/dev/null 2>&1 </dev/null || {
	echo "no VPP answers at $socket" >&2
	exit 1
}
for name; do
	ask show interface tag "$name" | sed -n "s|^$name: |tag $name |p"
done
ask show memif
