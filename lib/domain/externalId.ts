import { SHARED } from './issuer.ts';

/**
 * For whom a role in AWS is assumed: the external id that its trust policy must ask for. Whoever could name the role in a resource of another
 * owner comes with another id, and is refused by AWS itself (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html). Not the
 * bare name: an external id has two characters at least, and a name may have one.
 * @param owner a team, or the shared owner
 */
export const externalIdOf = (owner: string): string => (owner === SHARED ? 'shared' : `team/${owner}`);
