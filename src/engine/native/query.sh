# usage: [IMAGE_JSON PATH]...
# Prints `container NAME`, `image JSON`, and lines of files as `PATH:LINE`.
LC_ALL=C
export LC_ALL
while [ $# -gt 0 ]; do
	if [ -d "$2" ]; then
		digest='- -' record=${2%/*}/.${2##*/}
		case $2 in /var/lib/vnfctl/images/*) [ ! -f "$record" ] || read -r digest <"$record" ;; esac
		printf 'image %s %s\n' "$digest" "$1"
	fi
	shift 2
done
for s in /run/vnfctl/native/*/; do
	[ -d "$s" ] || exit 0
	s=${s%/}
	printf 'container %s\n' "${s##*/}"
	set -- "$@" "$s/labels" "$s/labels.new" "$s/code" "$s/pid"
	{ read -r pid born <"$s/pid"; } 2>/dev/null && processes="$processes /proc/$pid/stat /proc/$pid/status"
done
grep '' /dev/null "$@" 2>/dev/null
[ -z "$processes" ] || grep -E '^([0-9]+ \(|(Cpus|Mems)_allowed_list)' /dev/null $processes 2>/dev/null
exit 0
