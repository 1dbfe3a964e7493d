import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * Errors of the SDK of which members are read. Every other keeps its name and its message, and needs no class and no schema of its own for that: a
 * client has as many of them as it has operations, and registers all, so that none could be left out.
 */
const ERRORS_WITH_MEMBERS = ['ConditionalCheckFailedException', 'InvalidChangeBatch', 'TransactionCanceledException'];

const SCHEMAS = /@aws-sdk[\\/]client-[\w-]+[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/;
/** An error's schema and its registration, as the SDK's generator writes them: `export var X$ = [...]; n0_registry.registerError(X$, X);`. */
const REGISTERED = /^export var (\w+)\$ = \[[^;]*\];\n\w+_registry\.registerError\(\1\$, \1\);$/gm;
/** What a name stands for that is written between brackets as a member's. A computed member may do anything, so that its schema stays; a literal one goes. */
const WORD = /^const (_\w+) = ("[^"]*");$/gm;
const COMPUTED = /\[(_\w+)\]:/g;
const MANIFEST = /@aws-sdk[\\/]client-[\w-]+[\\/]package\.json$/;

/** Leaves out of the SDK's clients what nobody asks for: errors that are told by their name, and all but the version of their package.json. */
export const leanSdk: Plugin = {
  name: 'leanSdk',
  setup({ onLoad }) {
    onLoad({ filter: SCHEMAS }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const words = new Map([...text.matchAll(WORD)].map(([, name, word]) => [name, word]));
      const contents = text
        .replaceAll(REGISTERED, (all, name: string) =>
          ERRORS_WITH_MEMBERS.includes(name) ? all : `export var ${name}$;\n`,
        )
        .replaceAll(COMPUTED, (all, name: string) => (words.has(name) ? `${words.get(name)}:` : all));
      return { contents, loader: 'js' };
    });
    onLoad({ filter: MANIFEST }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string };
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};
