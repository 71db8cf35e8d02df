# The config of a container is a row of records, read byte for byte by a shell's own words:
# `<key> <lines>` and then that many lines of value. Descriptor 4 is the open config.
vnfctl_nl='
'
record() {
	IFS=' ' read -r vnfctl_key vnfctl_lines <&4 || return 1
	IFS= read -r vnfctl_value <&4
	while [ "$vnfctl_lines" -gt 1 ]; do
		IFS= read -r vnfctl_line <&4
		vnfctl_value=$vnfctl_value$vnfctl_nl$vnfctl_line
		vnfctl_lines=$((vnfctl_lines - 1))
	done
}
