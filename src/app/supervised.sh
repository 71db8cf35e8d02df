if ! command -v supervisord >/dev/null; then
	echo "supervisord is not in this container: add its package (\`packages = [\"supervisor\"]\`), take an image that has it, or leave \`supervise\` out" >&2
	exit 127
fi
exec supervisord -n -c /var/lib/vnfctl/supervisord.conf
