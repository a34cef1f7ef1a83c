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

# Users as in the Dockerfile, and in Kafka's, Grafana's and Alertmanager's.
services=10001 kafka=1000 grafana=472 nobody=65534

umask 077
mkdir -p "$folder"
say() { echo "secrets: $*" >&2; }

[ -f "$folder/detector.pem" ] || "$firebreak" keys detector --folder "$folder"
[ -f "$folder/log.pem" ] || "$firebreak" keys detector --folder "$folder" --name log
[ -f "$folder/risk.pem" ] || "$firebreak" keys risk --folder "$folder"
[ -f "$folder/incidents.pem" ] || "$firebreak" keys incidents --folder "$folder"
[ -f "$folder/actions.pem" ] || "$firebreak" keys actions --folder "$folder"
[ -f "$folder/responder.json" ] || "$firebreak" keys responder --folder "$folder"
[ -f "$folder/heartbeat.json" ] || "$firebreak" keys heartbeat --folder "$folder"
[ -f "$folder/grafana_password" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$folder/grafana_password"
for service in ingest respond risk assure recover; do
  file=$folder/$service.toml
  if [ ! -f "$file" ]; then
    group=evm
    [ "$service" != risk ] || group=risk
    printf '[%s]\nendpoints = [] # IPC paths, ws:// or http:// addresses, the best first\n' "$group" >"$file"
    say "fill in $file: the nodes' addresses"
  fi
done
authority=$folder/kafka-ca
if [ ! -f "$authority.key" ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj '/CN=Firebreak Kafka authority' -keyout "$authority.key" -out "$authority.pem" 2>/dev/null
fi
certify() { # FILE NAME [HOST]: a key and a certificate, by which Kafka knows NAME
  file=$folder/kafka-$1
  [ ! -f "$file.pem" ] || return 0
  {
    echo 'extendedKeyUsage = serverAuth, clientAuth'
    [ -z "${3:-}" ] || echo "subjectAltName = DNS:$3, DNS:localhost"
  } >"$file.ext"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
    -keyout "$file.key" -out "$file.csr" 2>/dev/null
  openssl x509 -req -in "$file.csr" -CA "$authority.pem" -CAkey "$authority.key" -CAcreateserial \
    -days 825 -extfile "$file.ext" -out "$file.crt" 2>/dev/null
  cat "$file.key" "$file.crt" >"$file.pem"
  rm -f "$file.key" "$file.csr" "$file.crt" "$file.ext"
}
for broker in 1 2 3; do certify "$broker" "kafka-$broker" "kafka-$broker"; done
clients="admin ingest detect vet assure respond incidents signals console forensics page archive risk"
clients="$clients recover verdict case" # people's own commands
for client in $clients; do certify "$client" "firebreak-$client"; done
cat >"$folder/kafka-health.properties" <<END
security.protocol=SSL
ssl.keystore.type=PEM
ssl.keystore.location=/run/secrets/kafka.pem
ssl.truststore.type=PEM
ssl.truststore.location=/run/secrets/kafka-ca.pem
END
if [ ! -f "$folder/signals.toml" ]; then
  printf '[signals]\npublish = false # docs/signals.md says what true needs\n' >"$folder/signals.toml"
fi
file=$folder/console.toml
if [ ! -f "$file" ]; then
  cat >"$file" <<'END'
[console]
url = "http://127.0.0.1:8088" # https://... as browsers see it, once a proxy stands before it
# oidc_issuer = "https://login.example.org"
# oidc_client = "firebreak"
# oidc_secret = "..."
# groups = { oncall = "responder" }

[[console.people]]
name = "nobody" # two approvers at least: one proposes, another answers
role = "viewer" # viewer, responder, approver, admin
wallets = []
subjects = []
END
  say "fill in $file: who may come in, and as what"
fi
file=$folder/forensics.toml
if [ ! -f "$file" ]; then
  printf '[forensics]\norigin = "example.org/firebreak" # the log'"'"'s name, for ever\n' >"$file"
  say "fill in $file: the log's name, and who vouches for it"
fi
if [ ! -f "$folder/page.toml" ]; then
  cat >"$folder/page.toml" <<END
# Addresses as Apprise writes them; this one reaches nobody.
[paging.urls]
oncall = "json://127.0.0.1:9/nobody-is-paged"

[[paging.ladders.critical]]
tell = ["oncall"]
END
  say "fill in $folder/page.toml: who is told of what (docs/paging.md)"
fi
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
chmod 644 "$folder"/*.pub.pem "$authority.pem" "$folder/kafka-health.properties"
chown "$services" "$folder"/*
chown "$kafka" "$folder"/kafka-[123].pem
chown 0 "$authority.key" # issues certificates: no container has it
chown "$grafana" "$folder/grafana_password"
chown "$nobody" "$folder/pager_url"
chmod 711 "$folder" # containers reach their file by its name; nobody lists the folder
