# Podman prints the id only after a start that worked; the cidfile is written before. So what is
# removed after a failed start is ours and never another one of the same name.
vnfctl_dir=$(mktemp -d) || exit
podman run --detach --cidfile "$vnfctl_dir/id" "$@" >/dev/null
vnfctl_code=$?
if [ "$vnfctl_code" != 0 ] && [ -s "$vnfctl_dir/id" ]; then
	podman rm --force --volumes --time 0 "$(cat "$vnfctl_dir/id")" >/dev/null
fi
rm -rf -- "$vnfctl_dir"
exit "$vnfctl_code"
