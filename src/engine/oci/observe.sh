# $found: one line per container, pid first. What the kernel allows each follows its line.
observe() {
	printf '%s\n' "$found" | awk '
	{ print "container " $0 }
	$1 > 0 {
		status = "/proc/" $1 "/status"
		while ((getline line < status) > 0) if (line ~ /^(Cpus|Mems)_allowed_list:/) print line
		close(status)
	}'
}
[ -z "$found" ] || whole observe
