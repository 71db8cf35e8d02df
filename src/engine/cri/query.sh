# Pairs: image reference, line that stands for it.
while [ "$#" != 0 ]; do
	found=$(crictl inspecti --output go-template --template '{{.status.id}} {{.status.size}}' "$1" 2>/dev/null) &&
		printf 'image %s %s\n' "$found" "$2"
	shift 2
done
# The list on one line, then what only the single container tells.
list=$(crictl ps --all --output json) || exit
printf 'containers %s\n' "$(printf '%s' "$list" | tr -d '\n')"
ids=$(crictl ps --all --quiet) || exit
found=$(
	for id in $ids; do
		line=$(crictl inspect --output go-template --template \
			'{{.info.pid}} {{.status.exitCode}}' "$id" 2>/dev/null) && printf '%s %s\n' "$id" "$line"
	done
)
observe() {
	printf '%s\n' "$found" | awk '
	{ print "state " $0 }
	$2 > 0 {
		status = "/proc/" $2 "/status"
		while ((getline line < status) > 0) if (line ~ /^(Cpus|Mems)_allowed_list:/) print line
		close(status)
	}'
}
[ -z "$found" ] || whole observe
