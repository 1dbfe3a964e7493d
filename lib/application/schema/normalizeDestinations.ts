import { type Destination, destinationKey, type SecretsManagerDestination } from '../../domain/destination.ts';
import { fieldOf } from '../../domain/fieldPath.ts';
import type { Findings } from '../../domain/inputInvalid.ts';
import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';
import { checkRegion, checkRoleArn } from './aws.ts';
import type { DestinationInput } from './certificate.ts';

/** What a destination has where it says nothing. `awsName`: of a secret in AWS. */
interface Defaults {
  readonly namespace: string;
  readonly secretName: string;
  readonly awsName: string;
}

/** Destinations with their defaults; two that are the same place are refused. */
export function normalizeDestinations(
  inputs: readonly DestinationInput[],
  defaults: Defaults,
  at: string,
  findings: Findings,
): Destination[] {
  const seen = new Map<string, Destination>();
  inputs.forEach((input, index) => {
    const field = fieldOf(at, index);
    const destination = findings.attempt(() => normalizeDestination(input, defaults, field));
    if (!destination) return;
    const key = destinationKey(destination);
    if (seen.has(key))
      findings.add(field, 'DuplicateDestination', 'is the same place as an earlier entry', 'remove one');
    else seen.set(key, destination);
  });
  return [...seen.values()];
}

function normalizeDestination(input: DestinationInput, defaults: Defaults, field: string): Destination {
  switch (kindOf(input)) {
    case 'kubernetes': {
      const { cluster, namespace = defaults.namespace, secretName = defaults.secretName, adopt } = input;
      return { kind: 'kubernetes', cluster: cluster!, namespace, secretName, ...(adopt && { adopt }) };
    }
    case 'directory':
      return { kind: 'directory', path: normalizeDirectory((input.path ?? input.directory)!, field) };
    case 'secretsManager':
      return { kind: 'secretsManager', ...normalizeSecret(input, defaults.awsName, field) };
    default:
      throw new Refusal(
        'InvalidDestination',
        'must be a Secret in a cluster, a directory or a secret of AWS, and not a mixture',
        { field, remedy: 'write {cluster, namespace, secretName}, {directory} or {kind: secretsManager, name}' },
      );
  }
}

/** Members that say which kind a destination is, by kind; the rest of the line may stand beside them. */
const MEMBERS = {
  kubernetes: ['cluster', 'namespace', 'secretName', 'adopt'],
  directory: ['directory', 'path'],
  secretsManager: ['name', 'region', 'roleArn'],
} as const;

/** The one kind that all given members belong to; undefined for a mixture and where the member is missing that a kind cannot do without. */
function kindOf(input: DestinationInput): Destination['kind'] | undefined {
  const { kind, cluster, directory, path = directory } = input;
  const given = Object.keys(MEMBERS) as Destination['kind'][];
  const kinds = given.filter((each) => each === kind || MEMBERS[each].some((member) => input[member] !== undefined));
  const [found] = kinds;
  if (kinds.length !== 1 || (directory !== undefined && path !== directory)) return undefined;
  const complete = { kubernetes: cluster !== undefined, directory: path !== undefined, secretsManager: true };
  return complete[found!] ? found : undefined;
}

/** An absolute POSIX path that names one place in one way: no `.` and `..`, no doubled slash, none at the end. */
export function normalizeDirectory(path: string, field: string): string {
  const steps = path.split('/').slice(1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  const unreadable = /[\u0000-\u001f\u007f]/.test(path) || !path.isWellFormed() || path.length > 1024;
  if (!path.startsWith('/') || unreadable || steps.some((step) => step === '..' || step === '.')) {
    throw new Refusal('InvalidDirectory', `${quoted(path)} is not an absolute path, or has . or .. in it`, { field });
  }
  return `/${steps.filter((step) => step !== '').join('/')}`;
}

/** Letters, digits and `/_+=.@-` as Secrets Manager has them, and our own `{uid}`. */
const SECRET_NAME = /^(?:[A-Za-z0-9/_+=.@-]|\{uid\})+$/;
const LONGEST_SECRET_NAME = 512;

function normalizeSecret(
  { name: given, region, roleArn }: DestinationInput,
  awsName: string,
  field: string,
): Omit<SecretsManagerDestination, 'kind'> {
  const name = given ?? awsName;
  if (!SECRET_NAME.test(name) || name.length > LONGEST_SECRET_NAME) {
    throw new Refusal('InvalidSecretName', `${quoted(name)} is no name for a secret in AWS`, {
      field: fieldOf(field, 'name'),
      remedy: 'write at most 512 letters, digits and any of /_+=.@-, with {uid} where the uid shall stand',
    });
  }
  checkRegion(region, fieldOf(field, 'region'));
  checkRoleArn(roleArn, fieldOf(field, 'roleArn'));
  return { name, ...(region && { region }), ...(roleArn && { roleArn }) };
}
