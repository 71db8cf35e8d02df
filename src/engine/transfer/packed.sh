# packed PACKER COMMAND...: what COMMAND prints, through PACKER (empty: as it is); fails when either
# does.
packed() {
	packer=$1
	shift
	[ -n "$packer" ] || { "$@"; return; }
	# shellcheck disable=SC2086 # a program and its options
	{ code=$({ { "$@" 3>&- 4>&-; echo "$?" >&3; } | $packer 3>&- >&4; } 3>&1) || return; } 4>&1
	return "$code"
}
