# Bind mounts at any path of the container. Guest paths are walked here, link by link, as the
# container will see them: an absolute link must not lead back into the node.
inside() {
	at=$r left=$1 links=0
	while [ -n "$left" ]; do
		part=${left%%/*}
		case $left in */*) left=${left#*/} ;; *) left= ;; esac
		case $part in
		'' | .) continue ;;
		..)
			[ "$at" = "$r" ] || at=${at%/*}
			continue
			;;
		esac
		if [ -L "$at/$part" ]; then
			links=$((links + 1))
			[ "$links" -lt 40 ] || { say "too many links in \`$1\`"; return 1; }
			target=$(readlink "$at/$part" && echo .) || return 1
			target=${target%??}
			case $target in /*) at=$r ;; esac
			left=$target/$left
		else
			at=$at/$part
		fi
	done
}
# Makes a mount point $2 for $1.
mount_point() {
	if [ -d "$1" ]; then
		[ -d "$2" ] || mkdir -p "$2"
	else
		[ -e "$2" ] || { { [ -d "${2%/*}" ] || mkdir -p "${2%/*}"; } && : >"$2"; }
	fi
}
# Reads the next mount into mode, host and guest.
next_mount() {
	while record; do
		case $vnfctl_key in
		mount_mode) mode=$vnfctl_value ;;
		mount_host) host=$vnfctl_value ;;
		mount_guest)
			guest=$vnfctl_value
			return 0
			;;
		esac
	done
	return 1
}
host_exists() {
	case $host in */) [ -e "$host" ] || mkdir -p "$host" || return 1 ;; esac
	[ -e "$host" ] || { say "\`$host\` does not exist on this node"; return 1; }
}
# Guest paths whose first part the node's own root lacks: that root is read-only once mounted.
missing_tops() {
	[ -n "$mounts" ] || return 0
	exec 4<"$s/config"
	while next_mount; do
		top=${guest#/} top=${top%%/*}
		case /$guest/ in */../*) continue ;; esac
		[ -e "/$top" ] || { host_exists && mount_point "$host" "$r$guest"; }
	done
}
bind_all() {
	exec 4<"$s/config"
	while next_mount; do
		host_exists && inside "$guest" || return 1
		mount_point "$host" "$at" 2>/dev/null || {
			say "cannot make the mount point \`$guest\`: the node's root is read-only there"
			return 1
		}
		case $mode in ro) mode=rbind,ro ;; *) mode=rbind ;; esac
		"$mount" -o "$mode" "$host" "$at" || return 1
	done
}
