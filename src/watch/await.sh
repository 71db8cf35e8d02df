# usage: KEY SECONDS. Waits until the container lives and is ready, or nothing is configured in it.
dir=$base/$1 name=${1#*-} state='' ready='' why=''
look() {
	while read -r key value; do
		case $key in state | ready | why) eval "$key=\$value" ;; esac
	done <"$dir/state"
} 2>/dev/null
end=$(($(date +%s) + $2))
while :; do
	look
	case $state:$ready in running:yes | healthy:yes | idle:*) exit 0 ;; esac
	alive || { say "the watcher of \`$name\` does not run"; exit 1; }
	[ "$state" != ended ] || { say "\`$name\` is not ready: $why"; exit 1; }
	if [ "$(date +%s)" -ge "$end" ]; then
		say "\`$name\` is not ready after $2 s${why:+: $why}"
		exit 1
	fi
	sleep 0.2 2>/dev/null || sleep 1
done
