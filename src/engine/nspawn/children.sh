# Prints the children of process $1.
children() {
	for child in $(grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status); do
		child=${child#/proc/}
		echo "${child%/status}"
	done
}
