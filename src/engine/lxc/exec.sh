# $1 container, $2 `user` or nothing (root), $3 option for a terminal or nothing, then the words to
# run. What cannot stand in the configuration (a value of several lines) is in vnfctl-env.
dir=$(lxc-config lxc.lxcpath)/$1 || exit
vnfctl_name=$1 vnfctl_keep=$3 vnfctl_inherited=
if [ -n "$2" ] && [ -e "$dir/vnfctl-user" ]; then
	read -r vnfctl_uid vnfctl_gid <"$dir/vnfctl-user" || exit
	vnfctl_keep="$vnfctl_keep --uid=$vnfctl_uid --gid=$vnfctl_gid"
fi
shift 3
# shellcheck disable=SC1091 # made with the container
[ ! -e "$dir/vnfctl-env" ] || . "$dir/vnfctl-env"
for vnfctl_variable in $vnfctl_inherited; do
	vnfctl_keep="$vnfctl_keep --keep-var=$vnfctl_variable"
done
# shellcheck disable=SC2086 # one option per word
exec lxc-attach --name "$vnfctl_name" --clear-env $vnfctl_keep -- "$@"
