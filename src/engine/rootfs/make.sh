# usage: WORK SUITE MIRROR VARIANT PACKAGES [COMMAND]...
# Makes the root file system in WORK/root and packs it as WORK/tar. Commands are words of a shell.
work=$1 suite=$2 mirror=$3 variant=$4 packages=$5
shift 5
root=$work/root
say() { printf '%s\n' "$*" >&2; }
LC_ALL=C DEBIAN_FRONTEND=noninteractive HOME=/root
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL DEBIAN_FRONTEND HOME PATH
unset TMPDIR

# The whole input first: whoever sends it is not kept waiting.
tar -C "$work/in" -xpf - 2>/dev/null || [ -z "$(ls -A "$work/in")" ] || exit

[ -n "$mirror" ] || mirror=$(own_mirror "$suite")
if command -v mmdebstrap >/dev/null; then
	bootstrap() {
		mmdebstrap --mode=root --format=directory --variant="$variant" ${packages:+"--include=$packages"} \
			"$suite" "$root" "$@"
	}
elif command -v debootstrap >/dev/null; then
	case $variant in
	minbase | buildd) ;;
	important) variant= ;; # what it takes without one
	*)
		say "variant \`$variant\` needs mmdebstrap on this node: apt-get install mmdebstrap"
		exit 1
		;;
	esac
	case $mirror in deb\ *)
		say "a mirror that is a line \`deb ...\` needs mmdebstrap on this node: apt-get install mmdebstrap"
		exit 1
		;;
	esac
	bootstrap() {
		debootstrap ${variant:+"--variant=$variant"} ${packages:+"--include=$packages"} "$suite" "$root" "$@" && return
		tail -n 20 "$root/debootstrap/debootstrap.log" >&2 2>/dev/null
		return 1
	}
else
	say 'neither mmdebstrap nor debootstrap is on this node: apt-get install mmdebstrap'
	exit 1
fi
lines=$mirror
commands=$#
while [ -n "$lines" ]; do
	set -- "$@" "${lines%%
*}"
	case $lines in
	*'
'*) lines=${lines#*
} ;;
	*) lines= ;;
	esac
done
# Behind the commands stand the lines of the mirror.
mirrors() {
	shift "$commands"
	bootstrap "$@"
}
mirrors "$@" || exit
# What the node has, not the image.
rm -f -- "$root/etc/hostname" "$root/etc/resolv.conf"

# The folder $1 of the root, as a process inside would find it, as $at: links lead nowhere else.
inside() {
	at='' rest=$1 turns=0
	while [ -n "$rest" ]; do
		part=${rest%%/*}
		case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
		case $part in '' | .) continue ;; ..) at=${at%/*} && continue ;; esac
		if [ -L "$root$at/$part" ]; then
			turns=$((turns + 1))
			[ "$turns" -lt 40 ] || return 1
			link=$(readlink "$root$at/$part")
			case $link in /*) at= ;; esac
			rest=$link/$rest
		else
			at=$at/$part
		fi
	done
}
if [ -d "$work/in/files" ]; then
	find "$work/in/files" -type f | sort >"$work/list"
	while read -r file; do
		path=${file#"$work/in/files"}
		inside "${path%/*}" && mkdir -p "$root$at" && rm -f -- "$root$at/${path##*/}" &&
			cp -p -- "$file" "$root$at/${path##*/}" && chown 0:0 "$root$at/${path##*/}" || exit
	done <"$work/list"
fi

if [ "$commands" != 0 ]; then
	mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/etc" "$root/usr/sbin" || exit
	mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" && mount --rbind /dev "$root/dev" || exit
	own=yes
	[ -e "$root/etc/resolv.conf" ] || {
		own=
		: >"$root/etc/resolv.conf"
	}
	[ ! -e /etc/resolv.conf ] || mount --bind /etc/resolv.conf "$root/etc/resolv.conf" || exit
	quiet=$root/usr/sbin/policy-rc.d
	[ ! -e "$quiet" ] || quiet=
	[ -z "$quiet" ] || { printf '#!/bin/sh\nexit 101\n' >"$quiet" && chmod 755 "$quiet"; } || exit
	while [ "$commands" != 0 ]; do
		line=$1
		shift
		commands=$((commands - 1))
		# Not \`sh -c\`: an image need not have a shell.
		(
			eval "set -- $line"
			exec chroot "$root" "$@" </dev/null
		) || {
			code=$?
			say "command failed with exit code $code: $line"
			exit 1
		}
	done
	[ ! -e /etc/resolv.conf ] || umount "$root/etc/resolv.conf" || exit
	[ -n "$own" ] || rm -f -- "$root/etc/resolv.conf"
	[ -z "$quiet" ] || rm -f -- "$quiet"
	umount -l "$root/dev" "$root/sys" "$root/proc" || exit
fi

cd "$root" || exit
rm -rf -- var/lib/apt/lists/* var/cache/apt/archives/*.deb var/cache/apt/*.bin var/log/apt \
	var/log/dpkg.log var/log/alternatives.log var/log/bootstrap.log var/cache/ldconfig/aux-cache \
	var/cache/debconf/*-old var/lib/dpkg/*-old tmp/* run/*
[ ! -e etc/machine-id ] || : >etc/machine-id
mkdir -p proc sys dev tmp run
chmod 1777 tmp
# Nothing is newer than the newest package: the same packages make the same tarball.
newest=$(find var/lib/dpkg/info -name '*.md5sums' -printf '%T@\n' 2>/dev/null | sort -n | tail -n 1)
tar --sort=name --numeric-owner --mtime="@${newest:-0}" --clamp-mtime --one-file-system \
	--xattrs --xattrs-include=security.capability \
	--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
	--exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -cf "$work/tar" .
