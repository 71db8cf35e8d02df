# $1 docker or podman, $2 name of the container, $3 its image, $4 the image to make; then labels of
# that. What the container was started with is not what the image shall start.
engine=$1 container=$2 base=$3 name=$4
shift 4
trap '"$engine" rm --force --volumes "$container" >/dev/null 2>&1' EXIT
trap 'exit 1' HUP INT TERM
for label; do
	shift
	set -- "$@" --change "LABEL $label"
done
for part in ENTRYPOINT:Entrypoint CMD:Cmd; do
	words=$("$engine" image inspect --format "{{json .Config.${part#*:}}}" -- "$base") || exit
	case ${part%:*}:$words in
	ENTRYPOINT:null | 'ENTRYPOINT:[]') continue ;; # the container was started without one
	CMD:null) words='[]' ;;
	esac
	set -- "$@" --change "${part%:*} $words"
done
"$engine" commit "$@" "$container" "$name" >/dev/null
