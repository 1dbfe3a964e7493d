import { eksAccess } from '../../lib/adapters/eks/access.ts';
import { assumedRole } from '../../lib/adapters/sts/assumedRole.ts';
import { externalIdOf } from '../../lib/domain/externalId.ts';
import { SHARED } from '../../lib/domain/issuer.ts';
import { sessionName, sts } from './sts.ts';

/** Gives access to clusters of EKS by the service's own role, or by one that it assumes. Clusters are registered by administrators alone. */
export const signIn = eksAccess({
  credentials: (roleArn) =>
    roleArn ? assumedRole(sts, roleArn, { sessionName, externalId: externalIdOf(SHARED) })() : sts.config.credentials(),
});
