import type { Manifest } from '../lib/application/manifests/parseManifests.ts';
import { InputInvalid } from '../lib/domain/inputInvalid.ts';
import type { Applied, Certificate } from './shared/answers.ts';
import { certificatePath } from './shared/certificates.ts';
import { type Context, clientCommand } from './shared/command.ts';
import { given } from './shared/environment.ts';
import { CliError, type Finding, usageError } from './shared/errors.ts';
import { nameOf, readText, STDIN } from './shared/input.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';
import { SHARED, TEAM } from './shared/team.ts';
import { timelineEnd, timeoutOf, WAIT, type Wanted, waitFor } from './shared/wait.ts';
import { warn } from './shared/warnings.ts';

/** In manifests this namespace is cert-manager's place for what is shared: the Secrets of its ClusterIssuers. */
const SHARED_NAMESPACE = 'cert-manager';

export const command = clientCommand({
  name: 'apply',
  summary: 'Apply certificates and issuers from YAML files, all or nothing.',
  positionals: [],
  flags: {
    file: { kind: 'list', short: 'f', value: 'FILE', help: 'A file with any number of documents; `-` is stdin.' },
    ...TEAM,
    'dry-run': { kind: 'switch', help: 'Check everything and change nothing.' },
    ...WAIT,
    ...OUTPUT,
  },
  examples: [
    'chancery apply -f certificates.yaml --wait',
    'kubectl get certificates -A -o yaml | chancery apply -f - --dry-run',
  ],
  notes: [
    'Takes Certificate, Issuer and ClusterIssuer of cert-manager.io/v1 and chancery.dev/v1. metadata.namespace is the team; --team is for resources ' +
      'without one; the namespace cert-manager is what all teams share. A *SecretRef names a credential of the owner.',
    'When anything is wrong in any file, everything that is wrong is told with file, document and line, and nothing is applied.',
    'At most 256 KiB of resources go at a time, some hundred certificates. Split what is larger.',
  ],
  async run(context, flags) {
    const format = formatOf(flags.output);
    const timeout = timeoutOf(flags);
    if (flags.file.length === 0)
      throw usageError('-f is missing', 'name a file: chancery apply -f FILE, or - for stdin');
    if (flags.wait && flags['dry-run']) throw usageError('--wait does not go with --dry-run', 'leave one of them away');
    const defaultTeam = given(flags.team, context.env, 'CHANCERY_TEAM');
    const manifests = await readAll(flags.file, defaultTeam);
    const wanted = flags.wait ? await placesOf(context, manifests, timeout) : [];
    const applied = await apply(context, manifests, flags['dry-run']);
    for (const one of applied.resources) warn(context, one.warnings, `${placeOf(one)}: `);
    if (!isData(format)) show(context, applied, flags['dry-run']);
    await waitForAll(context, wanted);
    if (isData(format)) await showData(context.terminal, format, applied);
  },
});

async function apply({ client }: Context, manifests: readonly Placed[], dryRun: boolean): Promise<Applied> {
  const resources = manifests.map(({ source: _, ...resource }) => resource);
  const options = { body: { resources }, query: { dryRun: dryRun || undefined } };
  try {
    return (await client().request<Applied>('POST', '/v1/apply', options)).body;
  } catch (error) {
    throw error instanceof CliError ? withSources(error, manifests) : error;
  }
}

function show({ terminal }: Context, { resources }: Applied, dryRun: boolean): void {
  for (const one of resources) {
    terminal.print(`${one.kind.toLowerCase()} ${placeOf(one)} ${one.outcome}${dryRun ? ' (dry run)' : ''}`);
  }
}

const placeOf = ({ team, name }: Applied['resources'][number]): string => (team === SHARED ? name : `${team}/${name}`);

/** The certificates to wait for, each with where its timeline ended before. */
async function placesOf(context: Context, manifests: readonly Placed[], timeout: number): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const { kind, team, name } of manifests) {
    if (kind !== 'Certificate') continue;
    wanted.push({ team, name, timeout, after: await timelineEnd(context, team, name) });
  }
  return wanted;
}

/** Waits for one after the other: they are issued side by side all the same. */
async function waitForAll(context: Context, wanted: readonly Wanted[]): Promise<void> {
  for (const one of wanted) {
    const { team, name } = one;
    if (wanted.length > 1) context.terminal.note(`certificate ${team}/${name}:`);
    await waitFor(context, await context.client().get<Certificate>(certificatePath(team, name)), one);
  }
}

type Placed = Manifest & { readonly source: string };

/** Resources of all files. @throws CliError `failed` with everything that is wrong in any of them */
async function readAll(files: readonly string[], defaultTeam: string | undefined): Promise<Placed[]> {
  // Loaded here, so that help does not wait for the schemas.
  const { parseManifests } = await import('../lib/application/manifests/parseManifests.ts');
  if (files.filter((file) => file === STDIN).length > 1)
    throw usageError('-f - is given twice', 'stdin can be read once');
  const findings: Finding[] = [];
  const manifests: Placed[] = [];
  for (const file of files) {
    const source = nameOf(file);
    const text = await readText(file, '-f');
    try {
      const read = parseManifests(text, { source, ...(defaultTeam !== undefined && { defaultTeam }) });
      manifests.push(...read.map((manifest) => ({ ...manifest, team: ownerOf(manifest.team), source })));
    } catch (error) {
      if (!(error instanceof InputInvalid)) throw error;
      findings.push(...error.errors);
    }
  }
  if (findings.length === 0) return manifests;
  throw new CliError('failed', 'the files cannot be applied', { findings });
}

const ownerOf = (team: string): string => (team === SHARED_NAMESPACE ? SHARED : team);

const PLACE = /^resources\[(\d+)\]\.?/;

/** The service knows a resource by its place in the batch; people know its file. */
function withSources(error: CliError, manifests: readonly Placed[]): CliError {
  const { findings = [], ...more } = error.more;
  const all: readonly Finding[] = findings.length > 0 ? findings : [{ message: error.message, ...more }];
  const placed = all.map((finding) => {
    const [prefix, index] = PLACE.exec(finding.field ?? '') ?? [];
    const manifest = index === undefined ? undefined : manifests[Number(index)];
    if (!manifest || prefix === undefined) return finding;
    const { source, document, line, kind, name } = manifest;
    return {
      ...finding,
      source,
      document,
      line,
      field: [`${kind} ${name}`, finding.field!.slice(prefix.length)].filter((part) => part !== '').join(': '),
    };
  });
  return new CliError(error.exit, error.message, { ...more, findings: placed });
}
