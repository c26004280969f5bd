#!/usr/bin/env node
// DynamoDB Local for the tests of its adapter: brought by Maven, kept in a cache outside of the checkout.
// Prints the folder of its files. Needs Java 17 and Maven; installs them where that can be done by itself.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const VERSION = '2.6.1';
const TOOLS = { java: 'default-jre-headless', mvn: 'maven' };
/** Of Debian and its children. */
const INSTALL = ['install', '--no-install-recommends', '-y'];
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

const POM = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>slipway</groupId>
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.amazonaws</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

/** Brings what is missing. Safe to repeat and to do several times at once. */
export function bringDynamoDbLocal() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'slipway');
  const folder = join(cache, `dynamodb-local-${VERSION}`);
  const isFetched = existsSync(folder);
  bringTools(isFetched ? ['java'] : ['java', 'mvn']);
  if (isFetched) return folder;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'dynamodb-local-'));
  try {
    writeFileSync(join(fresh, 'pom.xml'), POM);
    const made = spawnSync('mvn', ['--batch-mode', '--quiet', COPY, '-DoutputDirectory=lib'], {
      cwd: fresh,
      encoding: 'utf8',
    });
    if (made.status !== 0) {
      throw new Error(`Maven cannot bring DynamoDB Local:\n${made.stdout}${made.stderr}`.trim());
    }
    renameSync(join(fresh, 'lib'), folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // Another one brought it meanwhile.
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}

function bringTools(names) {
  const missing = names.filter((name) => !isThere(name)).map((name) => TOOLS[name]);
  if (missing.length === 0) return;
  const canInstall = process.platform === 'linux' && process.getuid() === 0 && isThere('apt-get');
  if (!canInstall) {
    throw new Error(`the tests of DynamoDB need ${missing.join(' and ')}: please install them`);
  }
  console.error(`  DynamoDB        installing ${missing.join(', ')}`);
  const apt = (...args) => spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (apt(...INSTALL, ...missing).status === 0) return;
  apt('update');
  apt(...INSTALL, ...missing);
}

function isThere(name) {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(bringDynamoDbLocal());
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
