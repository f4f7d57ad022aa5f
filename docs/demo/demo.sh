#!/bin/sh
# The main job, on a small but real GitOps repository in a temporary folder, with keys made for it. No cluster.
# Every line that begins with `$` is run, and what stands below it is what it printed.
# usage: demo.sh [--keep]     --keep leaves the folder for a look around
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/secrets-gitops-demo.XXXXXX")
case "${1:-}" in
    --keep) trap 'echo; echo "kept: $work"' EXIT ;;
    *) trap 'rm -rf "$work"' EXIT ;;
esac
trap 'exit 130' INT TERM

# A home of its own: the demo sees no key and no git setting of yours, and leaves none behind.
export HOME="$work/home" XDG_CONFIG_HOME="$work/home/.config" GIT_CONFIG_NOSYSTEM=1 NO_COLOR=1 GIT_PAGER=cat
for name in $(env | sed -n 's/^\(SOPS_[A-Z_]*\|SECRETS_GITOPS_[A-Z_]*\|GIT_DIR\|GIT_INDEX_FILE\|GIT_WORK_TREE\)=.*/\1/p'); do
    unset "$name"
done
mkdir -p "$HOME" "$work/cluster" "$work/fleet"
git config --global user.name "Demo" && git config --global user.email demo@example.org
git config --global init.defaultBranch main && git config --global advice.detachedHead false
cd "$work/fleet"

tell() { echo; printf '# %s\n' "$@"; }
run() {     # one command, shown and run; it must succeed
    printf '\n$ %s\n' "$1"
    sh -c "$1" 2>&1
}
refused() { # one command, shown and run; it must be refused, or the story is not true
    printf '\n$ %s\n' "$1"
    if sh -c "$1" 2>&1; then
        echo "demo: this should have been refused" >&2
        exit 1
    fi
}
random() { python3 -c 'import secrets; print(secrets.token_urlsafe(18), end="")'; }

# ---------------------------------------------------------------------------- the repository, as teams have them
python3 "$here/make_sealing_key.py" "$work/cluster"
mkdir -p apps/web apps/db
git init -q
cat > apps/web/deployment.yaml <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}   # this comment stays where it is
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example.org/shop/web:1.4.2
          envFrom: [{secretRef: {name: web-session}}, {secretRef: {name: db}}]
YAML
cat > apps/web/session.yaml <<YAML
apiVersion: v1
kind: Secret
metadata:
  name: web-session
  namespace: shop
stringData:
  cookie-key: $(random)
YAML
cat > apps/web/config.yaml <<YAML
apiVersion: v1
kind: Secret
metadata: {name: web-config, namespace: shop}
stringData:
  release: ref+env://SHOP_RELEASE
  database: ref+sops://apps/db/secret.yaml#/stringData/password
YAML
cat > apps/web/kustomization.yaml <<YAML
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [deployment.yaml, session.yaml, config.yaml, payment.yaml]
YAML
secrets-gitops seal --cert "$work/cluster/tls.crt" > apps/web/payment.yaml <<YAML
apiVersion: v1
kind: Secret
metadata: {name: payment, namespace: shop}
stringData: {api-token: $(random)}
YAML
cat > apps/db/secret.yaml <<YAML
# The database of the shop.
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
stringData:
  user: shop        # not secret by itself, encrypted all the same
  password: "$(random)"
YAML
cat > apps/db/values.enc.yaml <<YAML
postgresql:
  auth:
    replicationPassword: $(random)
    port: 5432
YAML

tell "A GitOps repository as teams have them: manifests, a kustomization, Helm values, references, a SealedSecret; and" \
     "plaintext that somebody is about to commit."
run "find . -name '*.yaml' | sort"

tell "1. A key. The private half stays in your home, where sops looks too; the public half may be shown to anyone."
run "secrets-gitops keys generate"

tell "2. Rules, settings and hooks for this repository, and the cluster's certificate, pinned by its fingerprint."
run "secrets-gitops init"
run "secrets-gitops cert pin ../cluster/tls.crt"

tell "3. Somebody commits. The hook reads what git would record, and refuses."
run "git add -A"
refused "git commit -q -m 'Add the shop'"

tell "4. The commands it named. One Secret is sealed for the cluster, the others are encrypted for the recipients of" \
     "the rule; text outside the values stays as it is."
run "secrets-gitops seal -i apps/web/session.yaml"
run "secrets-gitops encrypt -i apps/db/secret.yaml apps/db/values.enc.yaml"
run "sed -E 's/(.{100}).*/\\1…/' apps/db/secret.yaml | head -12"
run "git add -A && git commit -q -m 'Add the shop' && git log --oneline"
run "secrets-gitops lint"

sleep 1     # sops counts whole seconds, and the time of the change is to be seen moving
tell "5. Change one value. It comes from standard input, never from the arguments. Only its line moves, and the two that" \
     "prove integrity."
run "python3 -c 'import secrets; print(secrets.token_urlsafe(18))' | secrets-gitops set apps/db/secret.yaml '[\"stringData\"][\"password\"]'"
run "git diff --stat && git diff --unified=0 | grep '^[-+] ' | cut -c1-72"
run "git commit -q -a -m 'Change the password of the database'"

tell "6. What would the cluster get? References, SOPS and sealed Secrets are resolved as the controller would; with" \
     "--redact it shows names, sizes and fingerprints, never values."
run "SHOP_RELEASE=1.4.2 secrets-gitops render --redact --sealing-key ../cluster/tls.key apps"

tell "7. A colleague joins: one more recipient in .sops.yaml. Later she leaves, and somebody deletes her line, but the" \
     "files still let her in. The lint says so, and updatekeys mends it."
mkdir -p "$work/colleague"
run "secrets-gitops keys generate -o ../colleague/keys.txt"
colleague=$(sed -n 's/^# public key: //p' "$work/colleague/keys.txt")
cp .sops.yaml "$work/before"
sed "s/\(age1[0-9a-z]*\)/\1,$colleague/" "$work/before" > .sops.yaml
run "git diff --unified=0 .sops.yaml | grep '^[-+] *recipients' | cut -c1-110"
run "secrets-gitops updatekeys --yes apps/db/secret.yaml apps/db/values.enc.yaml"
run "git commit -q -a -m 'Let a colleague in'"
cp "$work/before" .sops.yaml
refused "git commit -a -m 'She has left'"
run "secrets-gitops updatekeys --yes apps/db/secret.yaml apps/db/values.enc.yaml"
run "git commit -q -a -m 'She has left, and the files know it'"
run "secrets-gitops lint && secrets-gitops verify apps/db/secret.yaml apps/db/values.enc.yaml"

tell "8. Somebody in a hurry commits past the hook, takes the value out again, and pushes. The file is clean, the history" \
     "is not: whoever fetches it has the value. So the push is refused, and after the commits are rewritten it is not."
git init -q --bare ../origin.git && git remote add origin ../origin.git && git push -q --no-verify origin main
printf 'SMTP_PASSWORD=%s\n' "$(random)" > apps/web/mail.env
run "git add -A && git commit -q --no-verify -m 'Try the mail server'"
run "git rm -q apps/web/mail.env && git commit -q -m 'Take it out again' && git status --short"
refused "git push origin main"
run "git reset -q --hard HEAD~2 && git push origin main"

tell "That was all real. In your own repository:"
cat <<'TEXT'

  pip install secrets-gitops          # or pipx, or uv tool install
  cd your-repository && secrets-gitops init
  secrets-gitops lint                 # what is plaintext today, and the command that mends each
TEXT
