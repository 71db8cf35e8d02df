# $1 shell words that remove a container; then the words to run. When these fail, it is removed.
remove=$1
shift
trap 'eval "$remove" >/dev/null' EXIT
trap 'exit 1' HUP INT TERM
"$@" || exit
trap - EXIT
