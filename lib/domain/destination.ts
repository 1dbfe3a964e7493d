/** Where copies of a certificate go. One destination has one certificate: the first live claim keeps it. */
export type Destination = KubernetesDestination | DirectoryDestination | SecretsManagerDestination;

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

/**
 * A secret of AWS Secrets Manager. `{uid}` in its name stands for the beginning of the certificate's uid until {@link withUid} fills it in:
 * the name of a deleted secret stays blocked for its recovery window, so a successor needs another. `region` is the service's own when
 * absent; `roleArn` is assumed to write in another account.
 */
export interface SecretsManagerDestination {
  readonly kind: 'secretsManager';
  readonly name: string;
  readonly region?: string;
  readonly roleArn?: string;
}

/** Stands for the beginning of the certificate's uid in a secret's name. */
const UID = '{uid}';

/** A secret's name where the request gives none. */
export const defaultSecretName = (team: string, certificate: string): string =>
  `chancery/${team}/${certificate}-${UID}`;

/** The destination of the certificate that has this uid. */
export function withUid(destination: Destination, uid: string): Destination {
  if (destination.kind !== 'secretsManager') return destination;
  return { ...destination, name: destination.name.replaceAll(UID, uid.slice(0, 8)) };
}

/** The place as one text: `cluster/namespace/secretName`, a path, or a secret's name with what else tells it from others of that name. */
function placeOf(destination: Destination): string {
  switch (destination.kind) {
    case 'kubernetes':
      return `${destination.cluster}/${destination.namespace}/${destination.secretName}`;
    case 'directory':
      return destination.path;
    case 'secretsManager': {
      const { name, region, roleArn } = destination;
      const more = [region && `region=${region}`, roleArn && `roleArn=${roleArn}`].filter(Boolean).join('&');
      return more ? `${name}?${more}` : name;
    }
  }
}

/** The destination's identity: the same key, the same place. It is the end of the delivery stream's name. */
export function destinationKey(destination: Destination): string {
  const place = placeOf(destination);
  return `${destination.kind}/${destination.kind === 'kubernetes' ? place : encodeURIComponent(place)}`;
}

/** How the keys of all destinations in a cluster begin. */
export const clusterPrefix = (cluster: string): string => `kubernetes/${cluster}/`;

/** A destination as people read and write it: `directory:/path`, `secretsManager:name`; a Secret in a cluster by its key. */
export const destinationName = (destination: Destination): string => destinationNameOfKey(destinationKey(destination));

/** A destination's key, as streams have it, as people read it. */
export function destinationNameOfKey(key: string): string {
  const [kind, place] = key.split('/', 2) as [string, string];
  return kind === 'kubernetes' ? key : `${kind}:${decodeURIComponent(place)}`;
}
