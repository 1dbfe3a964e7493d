import { EXIT } from './exitCodes.ts';

/** Milliseconds. Under npm one Ctrl-C comes twice: from the terminal, and passed on by npm. */
const ECHO = 300;

/** Aborts at the first Ctrl-C, so that a command can end what it is at; the second ends the process at once. */
export function abortedByInterrupt(): AbortSignal {
  const controller = new AbortController();
  onStop(['SIGINT'], () => controller.abort());
  return controller.signal;
}

/** Calls `stop` at the first of these signals, and ends the process at the next one. */
export function onStop(signals: readonly NodeJS.Signals[], stop: () => void): void {
  let first: number | undefined;
  const heard = (): void => {
    if (first === undefined) {
      first = performance.now();
      stop();
    } else if (performance.now() - first > ECHO) process.exit(EXIT.interrupted.code);
  };
  for (const signal of signals) process.on(signal, heard);
}

/** Whoever reads our output may leave before its end (`| head`): that is no error. */
export function quietPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(EXIT.done.code);
    });
  }
}
