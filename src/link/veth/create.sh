# usage: OWNER MTU PID_A NAME_A MAC_A BATCH_A PID_B NAME_B MAC_B BATCH_B; the pids are expressions.
tools nsenter ip
owner=$1 mtu=$2 name_a=$4 mac_a=$5 name_b=$8 mac_b=$9
a=$(eval "$3") b=$(eval "$7")
[ "${a:-0}" -gt 0 ] || { echo "the container of \`$name_a\` does not run" >&2; exit 1; }
[ "${b:-0}" -gt 0 ] || { echo "the container of \`$name_b\` does not run" >&2; exit 1; }
# Both ends are made where they belong: no name is taken in the node's own namespace.
pair() {
	"$ip" link add name "$name_a" netns "$a" ${mac_a:+address "$mac_a"} ${mtu:+mtu "$mtu"} type veth \
		peer name "$name_b" netns "$b" ${mac_b:+address "$mac_b"} ${mtu:+mtu "$mtu"} 2>&1
}
# The kernel takes an end away some time after the network namespace of the other one.
tries=0
until said=$(pair); do
	case $said in *'File exists'*) ;; *) tries=50 ;; esac
	[ "$tries" -lt 50 ] || { printf '%s\n' "$said" >&2; exit 1; }
	tries=$((tries + 1))
	sleep 0.1 2>/dev/null || sleep 1
done
undo() {
	"$nsenter" -t "$a" -n ip link delete dev "$name_a"
	exit 1
}
trap undo HUP INT TERM
# Docker turns IPv6 off in the namespaces it makes. Only one's own is written here.
ipv6() {
	case $3 in *' nodad'*) ;; *) return 0 ;; esac
	# shellcheck disable=SC2016 # the inner shell's
	"$nsenter" -t "$1" -n sh -c 'echo 0 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6"' sh "$2"
}
ipv6 "$a" "$name_a" "$6" && ipv6 "$b" "$name_b" "${10}" || undo
printf '%s\n' "$6" | "$nsenter" -t "$a" -n ip -batch - || undo
printf '%s\n' "${10}" | "$nsenter" -t "$b" -n ip -batch - || undo
