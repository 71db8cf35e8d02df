# Becomes systemd-nspawn with the container's variables as its own: no value of theirs is seen
# among its arguments.
# usage: FOLDER ARGV...
[ -n "$SYSTEMD_LOG_LOCATION" ] || echo "nspawn $$" >&0
exec 4<"$1/config"
shift
while record; do
	case $vnfctl_key in setting) export "$vnfctl_value" ;; esac
done
exec 4<&-
exec "$@"
