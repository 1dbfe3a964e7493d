import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+ PID`, `- PID` and `d FOLDER` from its input. The input ends when the parent ends, even by SIGKILL: then every
 * process that is still on the list is killed and every folder removed.
 */
const script = `
pids=" "; folders=""
while read -r word value; do
  case $word in
    +) pids="$pids$value " ;;
    -) pids=$(printf %s "$pids" | sed "s/ $value / /") ;;
    d) folders="$folders$value
" ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
printf %s "$folders" | while read -r folder; do rm -rf "$folder"; done
`;

let shell: ChildProcess | undefined;

/** Started at first use, in a session of its own, so that Ctrl-C in the terminal does not end it before its work is done. */
function tell(line: string): void {
  if (shell === undefined) {
    shell = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    shell.unref();
    // The pipe must not keep the test process alive; its end is the signal.
    (shell.stdin as unknown as { unref(): void }).unref();
  }
  shell.stdin?.write(`${line}\n`);
}

/** Makes sure that nothing a test started outlives the test process. */
export const guard = {
  process: (pid: number): void => tell(`+ ${pid}`),
  ended: (pid: number): void => tell(`- ${pid}`),
  folder: (path: string): void => tell(`d ${path}`),
};
