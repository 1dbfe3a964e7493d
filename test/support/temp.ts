import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guard } from './guard.ts';

/** A fresh folder, mode 0700, that is removed when this process ends, however it ends. */
export function tempDir(label = 'test'): string {
  const folder = mkdtempSync(join(tmpdir(), `chancery-${label}-`));
  guard.folder(folder);
  return folder;
}
