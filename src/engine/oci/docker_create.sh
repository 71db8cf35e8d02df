# `docker run --detach` prints the id as soon as the container is made, before it starts: so what
# is removed after a failed start is ours and never another one of the same name.
id=$(docker run --detach "$@") && exit
code=$?
[ -z "$id" ] || docker rm --force --volumes "$id" >/dev/null
exit "$code"
