# $1 docker or podman, $2 name of the container, $3 its image, $4 the image to make; then labels of
# that. What the container was started with is not what the image shall start.
engine=$1 container=$2 base=$3 name=$4
shift 4
trap '"$engine" rm --force --volumes "$container" >/dev/null 2>&1' EXIT
trap 'exit 1' HUP INT TERM
starts() { # WORD KEY: an instruction with the words of the base, none where it has none
	words=$("$engine" image inspect --format "{{json .Config.$2}}" -- "$base") || exit
	case $words in null | '') words='[]' ;; esac
	printf '%s %s' "$1" "$words"
}
entrypoint=$(starts ENTRYPOINT Entrypoint) || exit
command=$(starts CMD Cmd) || exit
for label; do
	shift
	set -- "$@" --change "LABEL $label"
done
"$engine" commit --change "$entrypoint" --change "$command" "$@" "$container" "$name" >/dev/null
