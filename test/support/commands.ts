import { spawn } from 'node:child_process';

/** What a short-lived program did. */
export interface CommandResult {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end with `input` on its standard input. Does not throw for an exit code. */
export function runCommand(command: string, args: readonly string[], input = '', cwd?: string): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'pipe'], cwd });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? undefined, stdout, stderr }));
    // A program that ends without reading its input closes the pipe; its exit code tells the story.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Runs openssl and returns its standard output; throws with its error text when it fails. */
export async function openssl(args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await runCommand('openssl', args, input);
  if (code !== 0) throw new Error(`openssl ${args.join(' ')} ended with ${code}:\n${stderr}`);
  return stdout;
}
