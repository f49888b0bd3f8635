// SPDX-License-Identifier: MIT
import test from 'ava';
import { EXIT, InfraError } from '../../errors.ts';
import { hostPackages, installPackages, missingPackages } from '../../host/packages.ts';
import { debianTools } from './debianTools.ts';

const WANTED = ['gcc', 'bc', 'ninja-build'].map((name) => ({ name, reason: 'a test' }));
const [, ...MISSING] = WANTED;
const ignore = () => undefined;

/** What installs MISSING, as one line. */
const COMMAND = `sh -c 'apt-get update && apt-get install -y --no-install-recommends bc ninja-build'`;
const INSTALLED = [
  'apt-get -q update (noninteractive)',
  'apt-get -q install -y --no-install-recommends bc ninja-build (noninteractive)',
];

test.serial('what is not installed is missing, and what left only its configuration', async (t) => {
  await using _ = await debianTools({ installed: ['gcc'], sudo: false });
  t.deepEqual(await missingPackages(undefined, WANTED), MISSING);
});

test.serial('nothing is missing where all is installed', async (t) => {
  const installed = hostPackages.map(({ name }) => name);
  await using _ = await debianTools({ installed, sudo: false });
  t.deepEqual(await missingPackages(), []);
});

test.serial('who may not install is told the one command that does', async (t) => {
  await using tools = await debianTools({ installed: ['gcc'], sudo: false });
  const error = await t.throwsAsync(installPackages(MISSING, ignore), { instanceOf: InfraError });
  t.is(error?.exitCode, EXIT.infra);
  t.is(error?.message, 'this host lacks bc, ninja-build');
  t.is(error?.hint, `install them with: sudo ${COMMAND}`);
  t.deepEqual(await tools.asked(), []);
});

test.serial('passwordless sudo installs them', async (t) => {
  await using tools = await debianTools({ installed: ['gcc'], sudo: true });
  await installPackages(MISSING, ignore);
  const asked = await tools.asked();
  t.deepEqual(
    asked.filter((line) => line.startsWith('apt-get')),
    INSTALLED,
  );
  t.is(asked.filter((line) => line.startsWith('sudo -n ')).length, 2);
});

test.serial('root installs them without sudo', async (t) => {
  await using tools = await debianTools({ installed: ['gcc'], sudo: true, uid: 0 });
  await installPackages(MISSING, ignore);
  t.deepEqual(await tools.asked(), INSTALLED);
});

test.serial('what cannot be fetched is an error that says what to look at', async (t) => {
  await using _ = await debianTools({ installed: ['gcc'], sudo: true, uid: 0, offline: true });
  const error = await t.throwsAsync(installPackages(MISSING, ignore), { instanceOf: InfraError });
  t.is(error?.output, 'E: Unable to locate package bc');
  t.is(error?.hint, `check that this host reaches Debian's archive: apt-get update`);
});
