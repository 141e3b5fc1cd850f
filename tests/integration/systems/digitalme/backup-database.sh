#!/bin/bash
# DigitalMe's own script for backups, as its runbook has it: `backup` makes one, `status` lists them.
# Exit codes: 75 the database is locked, 74 no room, 77 no permission, 65 the copy is not good.
set -euo pipefail

home=${DIGITALME_HOME:-/app}
database=$home/data/digitalme.db
backups=$home/backups

note() { echo "$(date -u +%FT%TZ) $*" | tee -a "$home/logs/backup.log" >&2; }

case ${1:-} in
  status)
    ls -1r "$backups" | grep -E '^digitalme_[0-9]{8}_[0-9]{6}\.db$' || true
    ;;
  backup)
    to=$backups/$(date -u +digitalme_%Y%m%d_%H%M%S.db)
    part=$to.part
    trap 'rm -f "$part"' EXIT
    if ! said=$( (: >"$part") 2>&1); then
      note "backup failed: $said"
      [[ $said == *"No space"* ]] && exit 74
      exit 77
    fi
    rm -f "$part"
    if ! said=$(sqlite3 -bail -cmd '.timeout 50' "$database" "VACUUM INTO '$part'" 2>&1); then
      note "backup failed: $said"
      case $said in
        *locked*) exit 75 ;;
        *full* | *"disk I/O"*) exit 74 ;;
        *) exit 1 ;;
      esac
    fi
    [[ $(sqlite3 "$part" 'PRAGMA integrity_check') == ok ]] || exit 65
    mv -n "$part" "$to"
    note "backup made: $to"
    echo "$to"
    ;;
  *)
    echo "usage: backup-database.sh backup | status" >&2
    exit 64
    ;;
esac
