# $1 expression that waits for the container's end and prints its exit code, $2 seconds it may take,
# $3 command that prints what it wrote last.
code=$(timeout "$2" sh -c "$1")
case $?:$code in
0:0) exit 0 ;;
0:*) echo "it ended with exit code $code" >&2 ;;
124:* | 143:*) echo "it did not end within $2 s" >&2 ;; # 143: busybox
*) echo "nobody knows how it ended" >&2 ;;
esac
eval "$3" >&2
exit 1
