/** A registered cluster's API server and how to speak to it. PEM and token texts, never file paths. */
export interface ClusterAccess {
  /** https://host:port */
  readonly server: string;
  readonly ca: string;
  readonly token?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  /** The cluster knows the service by its role in AWS: a token is made for each use. */
  readonly eks?: EksIdentity;
}

/** A cluster of Amazon EKS: its name there, its region, and the role that is assumed to speak to it; the service's own when absent. */
export interface EksIdentity {
  readonly name: string;
  readonly region: string;
  readonly roleArn?: string;
}

/** Gives access to a registered cluster; throws Refusal `ClusterUnknown` when there is none of that name. */
export type ClusterLookup = (cluster: string) => Promise<ClusterAccess>;

/** Asks a cluster how it is. */
export interface ClusterProbe {
  /**
   * Throws Refusal whose message says what is wrong (unreachable, TLS, 401, 403). Answers the server's version. With namespaces, what a
   * delivery needs to do to Secrets is checked in each.
   */
  probe(access: ClusterAccess, namespaces?: readonly string[]): Promise<{ version: string }>;
}

/** A Secret as the last push left it. */
export interface LeftSecret {
  readonly namespace: string;
  readonly secretName: string;
  readonly objectUid: string;
  readonly resourceVersion: string;
}

/** What a look at many Secrets found. `unseen`: how many of them it was not allowed to look at. */
export interface Surveyed<T> {
  readonly changed: readonly T[];
  readonly unseen: number;
}

/** Looks at many Secrets without reading what they hold. */
export interface ClusterSurvey {
  /**
   * Those that are not as they were left, in the order given: gone, another object in their place, or written since. Throws Refusal as a probe
   * does.
   */
  survey<T extends LeftSecret>(access: ClusterAccess, left: readonly T[]): Promise<Surveyed<T>>;
}

/** Reads kubeconfigs, too. Contract: nothing but inline data is accepted (Refusal `KubeconfigNotInline`). */
export interface Clusters extends ClusterProbe, ClusterSurvey {
  parseKubeconfig(yaml: string): ClusterAccess;
}
