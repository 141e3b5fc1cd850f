#!/bin/bash
# DigitalMe's own script for recoveries, as its runbook has it:
#   --test FILE                              could FILE be restored? Changes nothing
#   --force [--pre-backup[=NAME]] [--verify] FILE   puts FILE in the database's place
#   --verify FILE                            is the database what FILE holds? Changes nothing
#   --undo=NAME                              puts back what --pre-backup=NAME has kept
# Exit codes: 65 FILE is not good, or the database is not what it holds; 74 no room; 77 no permission.
set -euo pipefail

home=${DIGITALME_HOME:-/app}
database=$home/data/digitalme.db
backups=$home/backups
sidecars=(-wal -shm -journal)

note() { echo "$(date -u +%FT%TZ) $*" | tee -a "$home/logs/backup.log" >&2; }
good() { [[ $(sqlite3 "file:$1?mode=ro&immutable=1" 'PRAGMA integrity_check' 2>&1) == ok ]]; }
fail() {
  note "restore failed: $2"
  exit "$1"
}

test=false force=false verify=false keep='' undo=''
while [[ ${1:-} == --* ]]; do
  case $1 in
    --test) test=true ;;
    --force) force=true ;;
    --verify) verify=true ;;
    --pre-backup) keep=pre-restore ;;
    --pre-backup=*) keep=${1#*=} ;;
    --undo=*) undo=${1#*=} ;;
    *) echo "restore-database.sh: unknown option $1" >&2; exit 64 ;;
  esac
  shift
done
keep=${keep//\//.} undo=${undo//\//.}  # a name, not a path

if [[ $undo ]]; then
  kept=$backups/.$undo
  [[ -e $kept.whole ]] || exit 0  # nothing was kept, or all of it is back
  for suffix in "${sidecars[@]}" ''; do
    if [[ -e $kept$suffix ]]; then
      mv "$kept$suffix" "$database$suffix"
    elif ! grep -qx "kept:$suffix" "$kept.whole"; then
      rm -f "$database$suffix"
    fi
  done
  rm -f "$kept.whole"
  note "put back what was there before $undo"
  exit 0
fi

file=${1:?restore-database.sh: which backup?}
[[ $file == /* ]] || file=$backups/$file

if $test; then
  good "$file" || fail 65 "$file does not pass its test"
  echo "test passed: $file"
elif $force; then
  good "$file" || fail 65 "$file does not pass its test"
  if [[ $keep && -e $database && ! -e $backups/.$keep.whole ]]; then
    for suffix in '' "${sidecars[@]}"; do
      [[ -e $database$suffix ]] || continue
      cp -p "$database$suffix" "$backups/.$keep$suffix" || exit 74
      echo "kept:$suffix"
    done >"$backups/.$keep.part"
    mv "$backups/.$keep.part" "$backups/.$keep.whole"
  fi
  cp "$file" "$database.part" || exit 74
  if [[ -e $database ]]; then
    chown --reference="$database" "$database.part"
    chmod --reference="$database" "$database.part"
  fi
  sync "$database.part"
  rm -f "${sidecars[@]/#/$database}"
  mv "$database.part" "$database"
  ! $verify || cmp -s "$file" "$database" || fail 65 "$database is not what $file holds"
  note "restored $file"
elif $verify; then
  cmp -s "$file" "$database" || exit 65
  for suffix in "${sidecars[@]}"; do [[ ! -e $database$suffix ]] || exit 65; done
  echo "$database is what $file holds"
else
  echo "usage: restore-database.sh --test FILE | --force [--pre-backup[=NAME]] [--verify] FILE" >&2
  exit 64
fi
