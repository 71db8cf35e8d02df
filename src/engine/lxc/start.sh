# $1 container. Ours is started by its own script, with its command and environment.
dir=$(lxc-config lxc.lxcpath)/$1 || exit
if [ -e "$dir/vnfctl-start" ]; then
	# shellcheck source=/dev/null # made with the container
	. "$dir/vnfctl-start"
fi
exec lxc-start --name "$1" --daemon
