import type { Peers } from './peers.ts';

/** Where things go, and what they are called. */
export const TEAM = 'shop';
export const CLUSTER = 'prod';
export const ZONE = 'example.test';
/** Credential with the TSIG key, and its field. */
export const TSIG = { name: 'tsig', key: 'secret' };

/** What a team keeps in git: cert-manager's own objects, and one annotation that says where copies go. */
export const manifest = ({ ca, dns }: Peers): string => `\
apiVersion: cert-manager.io/v1
kind: Issuer
metadata:
  name: pebble
  namespace: ${TEAM}
spec:
  acme:
    server: ${ca.directoryUrl}
    caBundle: ${Buffer.from(ca.caPem).toString('base64')}
    profile: default
    email: ops@${ZONE}
    privateKeySecretRef:
      name: pebble-account
    solvers:
      - selector:
          dnsZones: [${ZONE}]
        dns01:
          # Authoritative servers to ask whether a record shows. Usually left out: the NS records say it.
          nameservers: ["${dns.address}"]
          rfc2136:
            nameserver: ${dns.address}
            tsigKeyName: ${dns.tsigName}
            tsigAlgorithm: HMACSHA256
            tsigSecretSecretRef:
              name: ${TSIG.name}
              key: ${TSIG.key}
      - selector:
          dnsNames: [www.${ZONE}]
        http01:
          ingress: {}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: app
  namespace: ${TEAM}
  annotations:
    chancery.dev/destinations: ${CLUSTER}/${TEAM}/app-tls
spec:
  secretName: app-tls
  dnsNames:
    - app.${ZONE}
    - "*.${ZONE}"
  privateKey:
    algorithm: ECDSA
    size: 256
  issuerRef:
    name: pebble
    kind: Issuer
`;
