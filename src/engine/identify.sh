# Who `user[:group]` ($1) is by the files of the first root of $2 .. that has them: sets uid, gid,
# groups (further ones, with commas between) and home. A link may lead out of a root.
identify() {
	account=${1%%:*} group=${1#"${1%%:*}"} uid='' gid='' groups='' home=/ passwd=/dev/null members=/dev/null
	group=${group#:}
	shift
	for from in "$@"; do
		[ -f "$from/etc/passwd" ] && [ ! -L "$from/etc/passwd" ] && [ ! -L "$from/etc" ] || continue
		passwd=$from/etc/passwd
		break
	done
	for from in "$@"; do
		[ -f "$from/etc/group" ] && [ ! -L "$from/etc/group" ] && [ ! -L "$from/etc" ] || continue
		members=$from/etc/group
		break
	done
	while IFS=: read -r one _ number its _ folder _; do
		case $account in
		"$one" | "$number")
			account=$one uid=$number gid=$its home=$folder
			break
			;;
		esac
	done <"$passwd"
	case $uid:$account in
	:*[!0-9]*)
		printf '%s\n' "the image has no user \`$account\`" >&2
		return 1
		;;
	:*) uid=$account gid=0 ;;
	esac
	if [ -n "$group" ]; then
		gid=''
		while IFS=: read -r one _ number _; do
			case $group in "$one" | "$number") gid=$number && break ;; esac
		done <"$members"
		case $gid:$group in
		:*[!0-9]*)
			printf '%s\n' "the image has no group \`$group\`" >&2
			return 1
			;;
		:*) gid=$group ;;
		esac
	else
		while IFS=: read -r one _ number list; do
			case ",$list," in *",$account,"*) groups=$groups${groups:+,}$number ;; esac
		done <"$members"
	fi
}
