# Inside the container: its environment, user, capabilities and labels, then the command.
# usage: DROP IDS LABEL ARGV... 4<CONFIG
vnfctl_drop=$1 vnfctl_ids=$2 vnfctl_label=$3
shift 3
vnfctl_caps= vnfctl_image= vnfctl_apparmor= vnfctl_selinux=
while record; do
	case $vnfctl_key in
	env) export "$vnfctl_value" ;;
	caps) vnfctl_caps=$vnfctl_value ;;
	image) vnfctl_image=$vnfctl_value ;;
	apparmor) vnfctl_apparmor=$vnfctl_value ;;
	selinux) vnfctl_selinux=$vnfctl_value ;;
	esac
done
exec 4<&-
# The label is that of the command, not of what becomes it.
if [ -n "$vnfctl_drop" ] && [ -n "$vnfctl_apparmor$vnfctl_selinux" ]; then
	set -- /bin/sh -c "$vnfctl_label" vnfctl "$vnfctl_apparmor" "$vnfctl_selinux" "$@"
fi
# An image may have no setpriv, or busybox's, which cannot do this.
if [ -n "$vnfctl_drop" ] && [ -n "$vnfctl_caps" ] && { [ -z "$vnfctl_image" ] || [ -n "$vnfctl_ids" ] ||
	setpriv --bounding-set=-all true 2>/dev/null; }; then
	vnfctl_ids="$vnfctl_ids --bounding-set=$vnfctl_caps --inh-caps=-all"
fi
[ -z "$vnfctl_ids" ] || set -- setpriv $vnfctl_ids -- "$@"
exec "$@"
