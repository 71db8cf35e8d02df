# $1 base, $2 `file` or `template`, then the tarball (empty: standard input) or template and words.
# Built under a name of its own and renamed when complete: a run cut short or a second one at the
# same time does no harm.
base=$1 kind=$2
shift 2
say() { printf '%s\n' "$*" >&2; }
path=$(lxc-config lxc.lxcpath) || exit
final=$path/$base
[ ! -e "$final/vnfctl-complete" ] || exit 0
tmp=$final+$$ # no base's own name has a plus
for left in "$final+"*; do
	[ ! -d "$left" ] || [ -d "/proc/${left##*+}" ] || rm -rf -- "$left" # of a run that was killed
done
trap 'rm -rf -- "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
umask 022
if [ "$kind" = template ]; then
	template=$1
	shift
	lxc-create --name "$base+$$" --template "$template" -- "$@" >&2 || exit
	config=$tmp/config
	# No two runs of a template make the same.
	digest=$(sha256sum /proc/sys/kernel/random/uuid) && echo "${digest%% *} -" >"$tmp/vnfctl-digest"
else
	mkdir -p "$tmp/rootfs" || exit
	file=$1
	if [ -z "$file" ]; then
		file=$tmp/image
		cat >"$file" || exit
	elif [ ! -r "$file" ]; then
		say "image file \`$file\` cannot be read on this node"
		exit 1
	fi
	unpack "$file" "$tmp/rootfs" "$tmp/vnfctl-digest" || exit
	rm -f -- "$tmp/image"
	if [ -e "$tmp/rootfs/manifest.json" ] || [ -e "$tmp/rootfs/oci-layout" ]; then
		say 'the image file is an archive of docker or podman, not a root file system'
		exit 1
	fi
	config=$(lxc-config lxc.default_config)
fi
[ -n "$(ls -A "$tmp/rootfs")" ] || {
	say 'the image holds no files'
	exit 1
}
# What every container takes over: all but the root, the name and the network of the base itself.
{
	common=/usr/share/lxc/config/common.conf
	[ "$kind" = template ] || [ ! -e "$common" ] || echo "lxc.include = $common"
	[ ! -e "$config" ] || sed -e '/^[[:space:]]*\(#\|$\)/d' \
		-e '/^[[:space:]]*lxc\.\(rootfs\|uts\|utsname\|net\|network\)[.=[:space:]]/d' \
		-e "s|$tmp|$final|g" "$config"
	case $kind:$(readlink "$tmp/rootfs/sbin/init") in
	file:*busybox) echo 'lxc.signal.halt = SIGUSR1' ;; # its init ignores SIGPWR
	esac
} >"$tmp/vnfctl-config" || exit
complete "$tmp" || exit
mv -T -- "$tmp" "$final" || [ -e "$final/vnfctl-complete" ]
