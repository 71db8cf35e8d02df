# Has the next program that this shell becomes run under the AppArmor profile $1 and with the SELinux
# context $2; empty = as it is.
label() {
	if [ -n "$1" ]; then
		vnfctl_to=/proc/self/attr/apparmor/exec
		[ -e "$vnfctl_to" ] || vnfctl_to=/proc/self/attr/exec
		printf 'exec %s' "$1" >"$vnfctl_to" || return 1
	fi
	[ -z "$2" ] || printf %s "$2" >/proc/self/attr/exec
}
