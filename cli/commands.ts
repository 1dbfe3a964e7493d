import type { Command } from './shared/command.ts';

/** A command's module exports it as `command`. It is loaded when it is called: most need little, and start at once. */
type Load = () => Promise<{ readonly command: Command }>;

/** All commands, in the order of the help. */
export const COMMANDS: Readonly<Record<string, { readonly summary: string; readonly load: Load }>> = {
  serve: { summary: 'Run the service on this machine.', load: () => import('./serve.ts') },
  request: { summary: 'Ask for a certificate.', load: () => import('./request.ts') },
  get: { summary: 'List resources, or show one.', load: () => import('./get.ts') },
  describe: { summary: 'Explain how a certificate stands, and why.', load: () => import('./describe.ts') },
};
