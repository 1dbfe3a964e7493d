/** What the exit code of every command says. docs/cli.md shows this table. */
export const EXIT = {
  done: { code: 0, means: 'done; for `serve`: ended as it was told to' },
  failed: { code: 1, means: 'the service refused it, or something else went wrong' },
  usage: { code: 2, means: 'unknown command or flag, or a wrong value: nothing was sent' },
  unreachable: { code: 3, means: 'no service answers there, or its certificate is not trusted' },
  notFound: { code: 4, means: 'what was named does not exist' },
  unauthorized: { code: 5, means: 'no token, or one that may not do this' },
  timeout: { code: 6, means: '`--wait`: the time was over before there was a result' },
  certificateFailed: { code: 7, means: '`--wait`: the issuance or a delivery failed; the cause is shown' },
  interrupted: { code: 130, means: 'ended by Ctrl-C' },
} as const;

export type Exit = keyof typeof EXIT;
