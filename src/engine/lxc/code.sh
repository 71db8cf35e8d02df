# $1 container. How its last run ended, by its log: LXC keeps it nowhere else. An end with code 0
# is not told.
log=$(lxc-config lxc.lxcpath)/$1/lxc.log || exit
awk '
	/ Started ".*" with pid / { code = 0 }
	/ ended on (error|signal) \([0-9]+\)$/ {
		number = $NF
		gsub(/[()]/, "", number)
		code = number + ($(NF - 1) == "signal" ? 128 : 0)
	}
	END { if (code != "") print code }' "$log"
