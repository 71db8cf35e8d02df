# Sets start to the start time of process $1; fails when it has ended. Its name may hold anything,
# hence the last `) `.
started() {
	start=''
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	# shellcheck disable=SC2086 # cut into words
	set -- ${stat##*) }
	start=${20}
	[ "$1" != Z ]
}
