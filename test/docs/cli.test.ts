import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCommands } from '../../cli/commands.ts';
import { repository } from '../support/peers/paths.ts';
import { cliReference } from './cliReference.ts';

describe('docs/cli.md', () => {
  it('says what the commands say', async () => {
    await expect(cliReference(await loadCommands(() => true))).toMatchFileSnapshot(join(repository, 'docs/cli.md'));
  });
});
