# $1 docker or podman, $2 image reference, then build arguments: NAME=VALUE, or NAME where its
# value is in the environment. Standard input: an archive with `Dockerfile` and `context`.
vnfctl_engine=$1 vnfctl_name=$2
shift 2
"$vnfctl_engine" image inspect --format 1 -- "$vnfctl_name" >/dev/null 2>&1 && exit # by another run
vnfctl_folder=${TMPDIR:-/var/tmp}
for vnfctl_left in "$vnfctl_folder/vnfctl-build."*; do
	vnfctl_pid=${vnfctl_left#"$vnfctl_folder/vnfctl-build."} vnfctl_pid=${vnfctl_pid%%.*}
	[ ! -O "$vnfctl_left" ] || [ -d "/proc/$vnfctl_pid" ] || rm -rf -- "$vnfctl_left" # of a run that was killed
done
vnfctl_work=$(mktemp -d "$vnfctl_folder/vnfctl-build.$$.XXXXXX") || exit
# Docker's older builder keeps an image of each step that went well. Those of a build that failed
# go, but for what others had before.
# shellcheck disable=SC2317 # called by the trap
vnfctl_sweep() {
	[ "$(cat "$vnfctl_work/code" 2>/dev/null)" = 0 ] || {
		vnfctl_steps=$(sed -n 's/^ ---> \([0-9a-f]\{12,64\}\)$/\1/p' "$vnfctl_work/log" 2>/dev/null | sed '1!G;h;$!d')
		for vnfctl_id in $vnfctl_steps; do
			case $vnfctl_before in *"$vnfctl_id"*) ;; *) "$vnfctl_engine" image rm "$vnfctl_id" >/dev/null 2>&1 ;; esac
		done
	}
	rm -rf -- "$vnfctl_work"
}
trap vnfctl_sweep EXIT
trap 'exit 1' HUP INT TERM
tar -C "$vnfctl_work" -xf - && mkdir -p "$vnfctl_work/context" || exit
for vnfctl_argument; do
	set -- "$@" --build-arg "$vnfctl_argument"
	shift
done
case $vnfctl_engine in
podman) set -- --layers=false "$@" ;; # steps leave no images
*) vnfctl_before=$("$vnfctl_engine" image ls --all --quiet --no-trunc) ;;
esac
{
	"$vnfctl_engine" build --force-rm --tag "$vnfctl_name" --label "vnfctl.image.recipe=$vnfctl_name" "$@" \
		--file "$vnfctl_work/Dockerfile" "$vnfctl_work/context" 2>&1
	echo $? >"$vnfctl_work/code"
} | tee "$vnfctl_work/log" >&2
exit "$(cat "$vnfctl_work/code")"
