# usage: NAME
[ -d "$s" ] || exit 0
finish && remove
