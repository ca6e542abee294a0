/** `npm run docs`: writes the pages that are made from the code. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { settingsReference } from '../../src/server/config/reference.js';
import { projectPath } from './project.js';

mkdirSync(projectPath('docs'), { recursive: true });
writeFileSync(projectPath('docs/settings.md'), settingsReference());
