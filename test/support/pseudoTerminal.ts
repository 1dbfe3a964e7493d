import { type Ended, start } from './cli.ts';

/** Types the keys into a pseudo-terminal when the program has written the marker, and ends as the program did. Node has no pseudo-terminals of its own. */
const DRIVER = `
import os, pty, signal, sys
signal.alarm(120)
marker, keys, command = sys.argv[1].encode(), bytes.fromhex(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
written, typed = b'', False
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    if not chunk:
        break
    written += chunk
    if not typed and marker in written:
        os.write(terminal, keys)
        typed = True
sys.stdout.buffer.write(written)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** Runs a program on a terminal; `keys` are typed when it has written `marker`. What it wrote is in `all`, with the terminal's control sequences. */
export const onTerminal = (
  command: readonly string[],
  { marker, keys }: { readonly marker: string; readonly keys: string },
  env: Readonly<Record<string, string>>,
): Promise<Ended> => start('python3', ['-c', DRIVER, marker, Buffer.from(keys).toString('hex'), ...command], env).ended;
