# What a lock's file says, lines of `key value`: whose run it is, and the keeper's process id with
# its start time, which guards against reuse.
facts() {
	run='' keeper=0 born=''
	while read -r key value; do
		case $key in
		run) run=$value ;;
		keeper) keeper=${value% *} born=${value#* } ;;
		esac
	done 2>/dev/null <"$1"
}
lives() {
	[ "$keeper" -gt 0 ] && started "$keeper" && [ "$start" = "$born" ]
}
# Sets base to folder $1; for users who may not write there, to a folder of their own.
place() {
	base=$1
	user=$(id -u)
	if [ "$user" != 0 ] && [ ! -w "$base" ] && [ ! -w "${base%/*}" ]; then
		base=${XDG_RUNTIME_DIR:-/tmp}/vnfctl-$user
		[ ! -e "$base" ] || [ -O "$base" ] || { echo "\`$base\` is somebody else's" >&2; exit 1; }
	fi
}
