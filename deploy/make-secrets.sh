#!/bin/sh
# Makes what docker-compose.yml reads from secrets/: random ones for whatever nobody hands out, and
# empty files for those that Xero does. A file that is there is left as it is.
#   deploy/make-secrets.sh [FOLDER]
set -eu
folder="${1:-$(dirname "$0")/../secrets}"
mkdir -p "$folder"
# The folder keeps others of this host out; the files must be readable inside the containers.
chmod 700 "$folder"

random() { head -c 48 /dev/urandom | base64 | tr -d '\n=' | tr '+/' '-_'; }
key() { head -c 32 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'; }
keep() {
    if [ ! -e "$folder/$1" ]; then
        printf '%s' "$2" > "$folder/$1"
        chmod 644 "$folder/$1"
        echo "made $1"
    fi
}

keep postgres_password "$(random)"
keep database_password "$(random)"
keep redis_password "$(random)"
keep secret_key "$(random)"
keep token_encryption_keys "$(key)"
keep metrics_token "$(random)"
keep email_url "consolemail://"
keep xero_client_secret ""
keep xero_webhook_keys ""

for name in xero_client_secret xero_webhook_keys; do
    test -s "$folder/$name" || echo "$folder/$name is empty: write into it what Xero's developer portal shows."
done
if [ "$(cat "$folder/email_url")" = "consolemail://" ]; then
    echo "$folder/email_url prints mails into the log: write smtp+tls://user:password@host:587 into it."
fi
