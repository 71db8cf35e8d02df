# Package managers that play their part and write down what they were asked, into the root $1.
# /repo: what a repository has; /lists: these are known here; /installed: NAME VERSION a line.
# A package file: its magic, then NAME VERSION, then what it needs.
root=$1
fake() { # NAME, the script on standard input
	{ printf '#!/bin/sh\n'; cat; } >"$root/usr/bin/$1"
	chmod 755 "$root/usr/bin/$1"
}
fake dpkg-query <<'FAKE'
for name; do :; done
grep "^$name " /installed | sed 's/^[^ ]* /installed /' | grep .
FAKE
fake dpkg-deb <<'FAKE'
for file; do :; done
sed -n '2s/ /=/p' "$file"
FAKE
fake apt-get <<'FAKE'
asked= words=
for word; do
	case $word in
	-q | -y | -o | --no-install-recommends | --allow-downgrades | [Dd][Pp]kg::*) ;;
	-* | update | install | clean) asked="$asked$word " ;;
	*) words="$words$word " ;;
	esac
done
echo "apt-get $asked$words" | sed 's/ *$//' >>/calls
case $asked in
clean*) exit ;;
update*)
	if [ -e /offline ]; then
		echo "W: Failed to fetch http://repo/InRelease  Temporary failure resolving 'repo'"
	else
		cp /repo /lists
	fi
	exit 0
	;;
esac
add=
for word in $words; do
	if [ -f "$word" ]; then
		add="$add$(sed -n 2p "$word")
"
		for need in $(sed 1,2d "$word"); do
			for other in $words; do [ ! -f "$other" ] || sed -n 2p "$other"; done | grep -q "^$need " ||
				grep -q "^$need " /installed || {
				echo 'The following packages have unmet dependencies:'
				echo " $(sed -n '2s/ .*//p' "$word") : Depends: $need but it is not installable"
				exit 100
			}
		done
	else
		grep -q "^${word%%=*} " /lists 2>/dev/null || { echo "E: Unable to locate package $word"; exit 100; }
		add="$add$(grep "^${word%%=*} " /lists)
"
	fi
done
case $asked in *--download-only*) exit 0 ;; esac
[ ! -x /usr/sbin/policy-rc.d ] || echo quiet >>/calls
printf %s "$add" >>/installed
FAKE
fake rpm <<'FAKE'
for last; do :; done
case $* in
*' -p '*) [ -f "$last" ] && sed -n '2s/ .*//p' "$last" ;;
-q*) grep -q "^$last " /installed ;;
*--test*) [ -z "$(sed 1,2d "$last")" ] ;;
*)
	echo "rpm $*" >>/calls
	sed -n 2p "$last" >>/installed
	;;
esac
FAKE
fake dnf <<'FAKE'
echo "dnf $*" >>/calls
shift 3
for word; do
	grep "^$word " /repo >>/installed || { echo "No match for argument: $word"; exit 1; }
done
FAKE
fake apk <<'FAKE'
case $1 in info) grep -q "^$3 " /installed; exit ;; esac
echo "apk $*" >>/calls
shift 2
for word; do
	case $word in -*) continue ;; esac
	if [ -f "$word" ]; then sed -n 2p "$word"; else grep "^$word " /repo || {
		printf 'ERROR: unable to select packages:\n  %s (no such package):\n' "$word" >&2
		exit 1
	}; fi >>/installed
done
FAKE
