# $1 base, $2 packer.
path=$(lxc-config lxc.lxcpath) || exit
[ -e "$path/$1/vnfctl-complete" ] || {
	say "there is no base \`$1\`"
	exit 1
}
send "$2" "$path/$1" "$path/$1/vnfctl-digest"
