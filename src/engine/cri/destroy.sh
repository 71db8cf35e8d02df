# usage: NAME
remove "$1"
