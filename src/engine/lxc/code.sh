# $1 container. How its last run ended, by its log: LXC keeps it nowhere else. An end with code 0
# is not told.
log=$(lxc-config lxc.lxcpath)/$1/lxc.log || exit
# The line is there when its monitor has ended.
tries=0
until [ "$(lxc-info --no-humanize --state --name "$1")" = STOPPED ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 50 ] || exit
	sleep 0.1 2>/dev/null || sleep 1
done
awk '
	/ Started ".*" with pid / { code = 0 }
	/ ended on (error|signal).*\([0-9]+\)$/ {
		code = $0 ~ / ended on signal/ ? 128 : 0
		sub(/\)$/, "")
		sub(/.*\(/, "")
		code += $0
	}
	END { if (code != "") print code }' "$log"
