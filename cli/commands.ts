import type { Command } from './shared/command.ts';

/** A command's module exports it as `command`. It is loaded when it is called: most need little, and start at once. */
type Load = () => Promise<{ readonly command: Command }>;

/** All commands, in the order of the help. */
export const COMMANDS: Readonly<Record<string, Load>> = {
  serve: () => import('./serve.ts'),
  request: () => import('./request.ts'),
  apply: () => import('./apply.ts'),
  get: () => import('./get.ts'),
  describe: () => import('./describe.ts'),
  events: () => import('./events.ts'),
  incidents: () => import('./incidents.ts'),
  renew: () => import('./renew.ts'),
  revoke: () => import('./revoke.ts'),
  pem: () => import('./pem.ts'),
  delete: () => import('./delete.ts'),
  'team put': () => import('./teamPut.ts'),
  'team get': () => import('./teamGet.ts'),
  'team delete': () => import('./teamDelete.ts'),
  'issuer get': () => import('./issuerGet.ts'),
  'issuer rekey': () => import('./issuerRekey.ts'),
  'issuer delete': () => import('./issuerDelete.ts'),
  limits: () => import('./limits.ts'),
  'limits resume': () => import('./limitsResume.ts'),
  'credential put': () => import('./credentialPut.ts'),
  'credential get': () => import('./credentialGet.ts'),
  'credential delete': () => import('./credentialDelete.ts'),
  'cluster register': () => import('./clusterRegister.ts'),
  'cluster get': () => import('./clusterGet.ts'),
  'cluster remove': () => import('./clusterRemove.ts'),
  'token issue': () => import('./tokenIssue.ts'),
  'token list': () => import('./tokenList.ts'),
  'token revoke': () => import('./tokenRevoke.ts'),
  redeliver: () => import('./redeliver.ts'),
  replace: () => import('./replace.ts'),
  redrive: () => import('./redrive.ts'),
  rotate: () => import('./rotate.ts'),
  rebuild: () => import('./rebuild.ts'),
  version: () => import('./version.ts'),
};

/** Loads commands: those whose name `wanted` takes. */
export const loadCommands = (wanted: (name: string) => boolean): Promise<Command[]> =>
  Promise.all(
    Object.entries(COMMANDS)
      .filter(([name]) => wanted(name))
      .map(async ([, load]) => (await load()).command),
  );
