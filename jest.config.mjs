import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('./swc.json', import.meta.url), 'utf8'));

if (Number(process.versions.node.split('.')[0]) < 24) {
  throw new Error(
    `tests need Node 24 (this is ${process.version}): use "npm test", which brings its own`,
  );
}

const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['<rootDir>/jest.setup.mjs'],
  transform: { '^.+\\.ts$': ['@swc/jest', { sourceMaps: 'inline', ...swc }] },
};

export default {
  testTimeout: 120_000,
  projects: [
    {
      ...common,
      displayName: 'unit',
      roots: ['<rootDir>/workflows', '<rootDir>/activities', '<rootDir>/api'],
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: ['/api/e2e/'],
    },
    {
      ...common,
      displayName: 'e2e',
      roots: ['<rootDir>/api/e2e'],
      testMatch: ['**/*.test.ts'],
    },
  ],
};
