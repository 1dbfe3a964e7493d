import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { awsPermissions, PAGE } from '../../docs/awsPermissions.ts';

describe('docs/aws-permissions.md', () => {
  it('says what the roles are made from; npm run docs:aws makes it anew', () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(awsPermissions());
  });
});
