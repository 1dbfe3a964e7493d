import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import { leanSdk } from './leanSdk.ts';

/** The program's folder: its files are named from here. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A handler as Lambda loads it, one file without packages beside it. */
export interface Bundle {
  readonly code: string;
  /** Which modules are in it, and how much each takes. */
  readonly metafile: Metafile;
}

/** ES modules have no `require`, which some packages call for modules of Node. */
const REQUIRE = "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);";

/** Modules that do nothing by being loaded, so that a function that calls none of theirs has none of them: our own, and packages that do not say so. */
const PURE = /^(?:tr46|tldts|yaml|\..*\.ts)$/;

const pure: Plugin = {
  name: 'pure',
  setup({ onResolve, resolve }) {
    onResolve({ filter: PURE }, async ({ path, pluginData, ...from }) => {
      if (pluginData === pure) return undefined;
      return { ...(await resolve(path, { ...from, pluginData: pure })), sideEffects: false };
    });
  },
};

/**
 * Where the SDK finds credentials outside of Lambda. It loads these packages only when the environment has no credentials, and in Lambda it has.
 */
const ELSEWHERE = ['ini', 'sso', 'process', 'web-identity', 'login', 'http'].map(
  (kind) => `@aws-sdk/credential-provider-${kind}`,
);

/**
 * Most clients load it only for operations that answer with a stream of events, of which none is called here. A client that has such operations
 * itself imports it, and cannot be made without it.
 */
const eventStreams: Plugin = {
  name: 'eventStreams',
  setup({ onResolve }) {
    onResolve({ filter: /^@smithy\/core\/event-streams$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/**
 * Bundles an entry point with all that it imports, minified, for Node 24.
 * @param entry path from the program's folder
 * @param keepNames keeps the names of functions and classes, for code that reads them: a tenth of the size. Our errors have literal names.
 */
export async function bundle(entry: string, keepNames = false): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: 'index.mjs',
    write: false,
    metafile: true,
    bundle: true,
    minify: true,
    keepNames,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    external: [...ELSEWHERE, '@smithy/credential-provider-imds'],
    plugins: [pure, leanSdk, eventStreams],
    legalComments: 'none',
    logLevel: 'warning',
  });
  return { code: outputFiles[0]!.text, metafile };
}
