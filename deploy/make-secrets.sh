#!/bin/sh
# Makes what docker-compose.yml mounts as secrets, each readable by the one service that needs it.
#
#   sudo deploy/make-secrets.sh [FOLDER]
#
# What is there stays as it is, so it can be run again. Root, because each file belongs to the user
# that its container runs as: Compose hands a file over with its owner and mode unchanged.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-secrets}
firebreak=${FIREBREAK:-.venv/bin/firebreak}

services=10001 grafana=472 nobody=65534 # as in the Dockerfile, and in Grafana's and Alertmanager's

umask 077
mkdir -p "$folder"
say() { echo "secrets: $*" >&2; }

[ -f "$folder/detector.pem" ] || "$firebreak" keys detector --folder "$folder"
[ -f "$folder/responder.json" ] || "$firebreak" keys responder --folder "$folder"
[ -f "$folder/heartbeat.json" ] || "$firebreak" keys heartbeat --folder "$folder"
[ -f "$folder/grafana_password" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$folder/grafana_password"
for service in ingest respond assure; do
  file=$folder/$service.toml
  if [ ! -f "$file" ]; then
    printf '[evm]\nendpoints = [] # IPC paths, ws:// or http:// addresses, the best first\n' >"$file"
    say "fill in $file: the nodes' addresses"
  fi
done
policy() { # ACCOUNT CALL: what its signer may sign
  file=$folder/$1-policy.toml
  [ ! -f "$file" ] || return 0
  cat >"$file" <<END
chain = "eip155:1"
fee_cap_gwei = 500
gas_cap = 600_000
signatures_per_hour = 60

[[allow]]
to = "0x0000000000000000000000000000000000000000" # the gate
call = "$2"
END
  say "fill in $file: the chain, and the gate's address"
}
policy responder 'brake(bytes32,uint64,address,bytes)'
policy heartbeat 'heartbeat()'
if [ ! -f "$folder/pager_url" ]; then
  echo 'http://127.0.0.1:9/nobody-is-paged' >"$folder/pager_url"
  say "fill in $folder/pager_url: the webhook that wakes people"
fi

chmod 600 "$folder"/*
chmod 644 "$folder"/*.pub.pem
chown "$services" "$folder"/*
chown "$grafana" "$folder/grafana_password"
chown "$nobody" "$folder/pager_url"
chmod 711 "$folder" # containers reach their file by its name; nobody lists the folder
