# Part of linked.sh and probe.sh: how one memif is.
judge() { # INTERFACE ROLE SOCKET PEER: sets how: `up` or why not. memifs is what VPP said.
	inside='' flags='' remote='' near='' seen=''
	while IFS= read -r text; do
		text=${text%"$cr"}
		case $text in
		"interface $1") inside=yes seen=yes ;;
		"interface "*) inside= ;;
		esac
		[ -n "$inside" ] || continue
		case $text in
		"  flags"*) flags="${text#  flags} " ;;
		"  remote-disc-reason "*) remote=${text#*\"} remote=${remote%\"*} ;;
		"  local-disc-reason "*) near=${text#*\"} near=${near%\"*} ;;
		esac
	done <<END
$memifs
END
	if [ -z "$seen" ]; then
		how="no interface $1 in VPP"
		return
	fi
	case $flags in
	*" connected "*) case $flags in
		*" admin-up "*) how=up ;;
		*) how='set down in VPP' ;;
		esac ;;
	*" admin-up "*)
		case $2 in
		master) how="$4 is not connected to $3" ;;
		*) how="not connected to $4 at $3" ;;
		esac
		# "disconnect received" only says that the other end has the reason.
		case ${remote:-$near} in
		'' | 'disconnect received') ;;
		*) how="$how: ${remote:-$near}" ;;
		esac
		;;
	*) how='set down in VPP' ;;
	esac
}
