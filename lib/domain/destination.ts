/** Where copies of a certificate go. One destination has one certificate: the first live claim keeps it. */
export type Destination = KubernetesDestination | DirectoryDestination;

/** A Secret of type kubernetes.io/tls in a registered cluster. `adopt` allows taking over a Secret that something else made. */
export interface KubernetesDestination {
  readonly kind: 'kubernetes';
  readonly cluster: string;
  readonly namespace: string;
  readonly secretName: string;
  readonly adopt?: boolean;
}

/** Files tls.crt, tls.key and ca.crt in a directory of the machine that runs the service, under a root that the operator allowed. */
export interface DirectoryDestination {
  readonly kind: 'directory';
  readonly path: string;
}

/** The destination's identity: the same key, the same place. It is the end of the delivery stream's name. */
export function destinationKey(destination: Destination): string {
  return destination.kind === 'kubernetes'
    ? `kubernetes/${destination.cluster}/${destination.namespace}/${destination.secretName}`
    : `directory/${encodeURIComponent(destination.path)}`;
}
