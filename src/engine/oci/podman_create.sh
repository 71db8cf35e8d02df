# Podman prints the id only after a start that worked; the cidfile is written before. So what is
# removed after a failed start is ours and never another one of the same name.
dir=$(mktemp -d) || exit
podman run --detach --cidfile "$dir/id" "$@" >/dev/null
code=$?
if [ "$code" != 0 ] && [ -s "$dir/id" ]; then
	podman rm --force --volumes --time 0 "$(cat "$dir/id")" >/dev/null
fi
rm -rf -- "$dir"
exit "$code"
