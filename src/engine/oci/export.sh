# $1 docker or podman, $2 image reference, $3 packer.
case $1 in
podman) packed "$3" podman save --quiet --format docker-archive -- "$2" ;;
*) packed "$3" "$1" save -- "$2" ;;
esac
