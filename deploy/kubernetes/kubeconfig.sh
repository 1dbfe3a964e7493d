#!/bin/sh
# Prints a kubeconfig with inline data for the ServiceAccount of chancery.yaml, from the cluster of kubectl's current context.
# TOKEN in the environment (from `kubectl create token`) is used in place of the Secret chancery-token.
set -eu

cluster() { kubectl config view --raw --minify --flatten -o "jsonpath={.clusters[0].cluster.$1}"; }
secret() { kubectl -n chancery get secret chancery-token -o "jsonpath={.data.$1}"; }

token=${TOKEN:-$(secret token | base64 -d)}
cat <<EOF
apiVersion: v1
kind: Config
current-context: chancery
clusters:
  - name: cluster
    cluster:
      server: $(cluster server)
      certificate-authority-data: $(cluster certificate-authority-data)
users:
  - name: chancery
    user:
      token: $token
contexts:
  - name: chancery
    context:
      cluster: cluster
      user: chancery
EOF
