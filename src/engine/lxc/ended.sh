# $1 container. Waits until it has ended and prints its exit code, which its first process left.
code=$(lxc-config lxc.lxcpath)/$1/vnfctl-init/code || exit
lxc-wait --name "$1" --state STOPPED
# LXC may tell of the end before the file system does.
for try in 1 2 3 4 5; do
	[ ! -s "$code" ] || exec cat "$code"
	[ "$try" = 5 ] || sleep 1
done
printf '%s\n' "\`$1\` was ended from outside: it left no exit code" >&2
exit 1
