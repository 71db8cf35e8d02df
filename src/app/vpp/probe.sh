# Looks once. $1: number of ports; then per port its name, its name in VPP, its role, its socket,
# its peer; then the plugins that must be there.
count=$1
shift
ports() { # PORT...: a line each, the first $count of them.
	while [ "$count" -gt 0 ]; do
		if [ -n "$silent" ]; then how=$silent; else judge "$2" "$3" "$4" "$5"; fi
		printf 'port %s %s\n' "$1" "$how"
		shift 5
		count=$((count - 1))
	done
}
app() { # PLUGIN...: sets how.
	how='not configured'
	expect || return
	configured
	case $? in
	0)
		how=ready
		not_loaded "$@" || how='does not answer'
		[ -z "$missing" ] || how="VPP has no plugin $missing"
		;;
	1)
		if stopped_at; then
			how="exec file not done: $where"
		else
			how="not configured as wanted: the tag of local0 is $mark"
		fi
		;;
	*)
		first_line "$said"
		how="VPP does not answer at $socket: $line"
		;;
	esac
}
last() { # PORT... PLUGIN...: app without the ports.
	shift $((count * 5))
	app "$@"
}
last "$@"
printf 'app %s\n' "$how"
silent=
memifs=$(ask show memif) || silent='VPP does not answer'
ports "$@"
exit 0
