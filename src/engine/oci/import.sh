# $1 docker or podman, $2 image reference, $3 id it must have then (empty: unknown), $4 unpacker;
# an archive of `save` on standard input. `load` makes nothing visible before it has read all:
# the list of what is in the archive stands at its end.
engine=$1 name=$2 digest=$3
said=$(${4:-cat} | "$engine" load) || exit
found=$("$engine" image inspect --format '{{.Id}}' -- "$name") || exit
case $found in
"${digest:-$found}" | "sha256:$digest") ;;
*)
	printf '%s\n' "\`$name\` came as ${found#sha256:} and not as $digest: do both nodes keep images" \
		"the same way (docker with containerd's image store does not know the ids of one without)?" \
		"$said" >&2
	exit 1
	;;
esac
