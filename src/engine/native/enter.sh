# Inside the container: its environment and capabilities, then the command.
# usage: DROP ARGV... 4<CONFIG
vnfctl_drop=$1
shift
vnfctl_caps= vnfctl_image=
while record; do
	case $vnfctl_key in
	env) export "$vnfctl_value" ;;
	caps) vnfctl_caps=$vnfctl_value ;;
	image) vnfctl_image=$vnfctl_value ;;
	esac
done
exec 4<&-
# An image may have no setpriv, or busybox's, which cannot do this.
if [ -n "$vnfctl_drop" ] && [ -n "$vnfctl_caps" ] && { [ -z "$vnfctl_image" ] ||
	setpriv --bounding-set=-all true 2>/dev/null; }; then
	set -- setpriv --bounding-set="$vnfctl_caps" --inh-caps=-all -- "$@"
fi
exec "$@"
