# Where systemd keeps the one hierarchy of cgroups, a container is a scope of it; elsewhere its
# cgroups are our own. Extends native's cgroup.sh.
is_scope() {
	case $cpuset_at in v2*) ;; *) return 1 ;; esac
	[ -d /run/systemd/system ] && command -v systemd-run >/dev/null
}
# systemd-nspawn makes cgroups below its caller's also in hierarchies without controllers that
# matter here: with one of the container's own there, none is left behind.
homes() {
	while read -r _ at type options _; do
		case $type,$options, in
		cgroup2,* | cgroup,*,name=systemd,*) ;;
		*) continue ;;
		esac
		dir=$at/vnfctl/$name
		grep -qxF "$dir" "$s/cgroups" && continue
		# The end of the last other container may take the folder above away in between.
		mkdir -p "$dir" 2>/dev/null || mkdir -p "$dir" 2>/dev/null || continue
		printf '%s\n' "$dir" >>"$s/cgroups"
	done </proc/self/mounts
}
# Moves this shell to where the container's own processes are.
join_payload() {
	while read -r dir; do
		[ ! -d "$dir/payload" ] || dir=$dir/payload
		put 0 "$dir/cgroup.procs" || { say "cannot enter \`$dir\`"; return 1; }
	done <"$s/cgroups"
}
if [ -s "$s/scope" ]; then
	pin() {
		alive || return 0
		read -r scope <"$s/scope"
		systemctl set-property --runtime "$scope" ${cpus:+"AllowedCPUs=$cpus"} \
			${mems:+"AllowedMemoryNodes=$mems"}
	}
fi
