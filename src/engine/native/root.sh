# Builds a container's root at $r in its own mount namespace: prepared folders, then one
# `mount -a`, because every mount command costs a process. $image: a folder, or empty for the
# node's own root. $privileged, $network and $s are set.
private="etc var root home opt srv mnt media"

# Prints $1 as fstab wants it: no blanks, no backslashes.
escaped() {
	case $1 in *[!A-Za-z0-9_./+:@,=%-]*) ;; *) word=$1; return ;; esac
	word= rest=$1
	while [ -n "$rest" ]; do
		tail=${rest#?} char=${rest%"${rest#?}"}
		case $char in ' ') char='\040' ;; '	') char='\011' ;; \\) char='\134' ;; "$vnfctl_nl") char='\012' ;; '#') char='\043' ;; esac
		word=$word$char rest=$tail
	done
}
mine() { case " $private proc sys dev tmp run " in *" $1 "*) return 0 ;; *) return 1 ;; esac }

# Folders and links that every start mounts over; once per container.
skeleton() {
	mkdir "$r" || return 1
	if [ -n "$image" ]; then
		mkdir "$s/sysnet" "$s/upper" "$s/scratch"
		return
	fi
	links=
	set -- "$s/sysnet" "$s/upper" "$s/scratch" "$r/proc" "$r/sys" "$r/dev" "$r/tmp" "$r/run"
	for top in $private; do
		[ -L "/$top" ] || [ ! -d "/$top" ] || set -- "$@" "$r/$top" "$s/upper/$top" "$s/scratch/$top"
	done
	for top in /*; do
		if [ -L "$top" ]; then
			links=yes
		elif [ -d "$top" ]; then
			mine "${top#/}" || set -- "$@" "$r$top"
		elif [ -f "$top" ]; then
			: >"$r$top"
		fi
	done
	mkdir "$@" || return 1
	[ ! -d "$s/upper/root" ] || chmod 700 "$s/upper/root"
	[ -n "$links" ] || return 0
	set --
	for top in /*; do [ ! -L "$top" ] || set -- "$@" "$top"; done
	cp -P "$@" "$r/"
}

line() { printf '%s %s %s %s 0 0\n' "$@"; }

# The node's own root: read-only, every mount of it on its own, so that all are read-only; the
# private parts copy-on-write ($1 = overlay) or, where the kernel cannot, read-only and empty.
node_root() {
	line "$r" "$r" none bind,ro
	seen=
	while read -r _ _ _ _ at options _; do
		top=${at#/} top=${top%%/*}
		case $at in
		/) flags=${options#r[ow]} ;;
		*) mine "$top" || seen="$seen$vnfctl_nl$at bind,ro${options#r[ow]}" ;;
		esac
	done </proc/self/mountinfo
	for top in /*; do
		[ ! -L "$top" ] && [ -d "$top" -o -f "$top" ] || continue
		mine "${top#/}" && continue
		escaped "$top"
		case $seen in *"$vnfctl_nl$word bind"*) continue ;; esac
		line "$word" "$r$word" none "bind,ro$flags"
	done
	IFS=$vnfctl_nl
	for entry in $seen; do
		at=${entry% *}
		# A mount below one that was put over it later is not reachable.
		case $at in *\\*) ;; *) [ -e "$at" ] || continue ;; esac
		line "$at" "$r$at" none "${entry##* }"
	done
	IFS=' 	'$vnfctl_nl
	for top in $private; do
		[ -d "$s/upper/$top" ] || continue
		case $1:$top in
		overlay:*) line overlay "$r/$top" overlay \
			"lowerdir=/$top,upperdir=$s/upper/$top,workdir=$s/scratch/$top" ;;
		*:etc | *:opt | *:srv | *:var) line "/$top" "$r/$top" none bind,ro ;;
		*) line tmpfs "$r/$top" tmpfs mode=755 ;;
		esac
	done
	[ "$1" = overlay ] || line tmpfs "$r/var/tmp" tmpfs mode=1777
	line tmpfs "$r/tmp" tmpfs mode=1777,nosuid,nodev
	line tmpfs "$r/run" tmpfs mode=755,nosuid,nodev
}

# What every root has. Kernel settings are the node's, so they are read-only, but for those of
# a network namespace of its own.
kernel_parts() {
	line proc "$r/proc" proc nosuid,nodev,noexec
	if [ -n "$privileged" ]; then
		line sysfs "$r/sys" sysfs nosuid,nodev,noexec
		line /dev "$r/dev" none rbind
	else
		line sysfs "$r/sys" sysfs ro,nosuid,nodev,noexec
		[ "$network" = host ] || line "$r/proc/sys/net" "$s/sysnet" none bind
		for part in sys sysrq-trigger irq bus fs acpi; do
			[ ! -e "/proc/$part" ] || line "$r/proc/$part" "$r/proc/$part" none bind,ro
		done
		[ "$network" = host ] || line "$s/sysnet" "$r/proc/sys/net" none bind
		line tmpfs "$r/dev" tmpfs mode=755,nosuid
	fi
}
device_parts() {
	for node in null zero full random urandom tty; do
		: >"$r/dev/$node" && line "/dev/$node" "$r/dev/$node" none bind
	done
}

root() {
	if [ -n "$image" ]; then
		image_root || return 1
		for top in proc sys dev; do [ -d "$r/$top" ] || mkdir "$r/$top" || return 1; done
		kernel_parts >"$s/fstab"
		"$mount" -a -T "$s/fstab" || return 1
	else
		missing_tops
		{ node_root overlay; kernel_parts; } >"$s/fstab"
		if ! "$mount" -a -T "$s/fstab" 2>"$s/overlay"; then
			"$umount" -R "$r" 2>/dev/null
			{ node_root plain; kernel_parts; } >"$s/fstab"
			"$mount" -a -T "$s/fstab" || return 1
		fi
	fi
	if [ -z "$privileged" ]; then
		mkdir "$r/dev/pts" "$r/dev/shm" && cp -P /dev/fd /dev/stdin /dev/stdout /dev/stderr "$r/dev/" &&
			ln -s pts/ptmx "$r/dev/ptmx" || return 1
		device_parts >"$s/fstab"
	else
		: >"$s/fstab"
	fi
	[ ! -d "$r/dev/pts" ] || line devpts "$r/dev/pts" devpts newinstance,ptmxmode=0666,mode=620 >>"$s/fstab"
	[ ! -d "$r/dev/shm" ] || line tmpfs "$r/dev/shm" tmpfs mode=1777,nosuid,nodev >>"$s/fstab"
	"$mount" -a -T "$s/fstab"
}
