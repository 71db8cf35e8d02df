# `docker run --detach` prints the id as soon as the container is made, before it starts: so what
# is removed after a failed start is ours and never another one of the same name.
vnfctl_id=$(docker run --detach "$@") && exit
vnfctl_code=$?
[ -z "$vnfctl_id" ] || docker rm --force --volumes "$vnfctl_id" >/dev/null
exit "$vnfctl_code"
