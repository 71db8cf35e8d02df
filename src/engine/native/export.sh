# usage: FOLDER PACKER
[ -d "$1" ] || { say "\`$1\` is no folder on this node"; exit 1; }
send "$2" "$1" "${1%/*}/.${1##*/}"
