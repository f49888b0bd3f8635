// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { appletNames } from './applets.ts';
import { cpio, type Entry } from './cpio.ts';
import { makeKeys, type SshKeys } from './keys.ts';
import { parsePackages } from './packages.ts';
import { type Found, findPrograms } from './programs.ts';
import { directory, file, link, standardDirectories, withParents } from './tree.ts';

export interface ImageInputs {
  /** Below it, the packages of `images/packages.txt` are unpacked. */
  packagesDir: string;
  /** The project's `images/`. */
  imagesDir: string;
  /** Kernel modules to load, in this order. */
  modules: readonly string[];
  /** An existing directory for the result. */
  outDir: string;
  signal?: AbortSignal;
}

/** The files of a built image. */
export interface Image {
  /** Uncompressed: QEMU copies it faster than the guest would unpack it. */
  initramfs: string;
  /** The one host key to accept, as a line `ssh-ed25519 AAAA…`. */
  hostPublicKey: string;
  /** The private key that the guest lets in. */
  clientKey: string;
}

/** Where the image built into `directory` has its files. */
export function imageFiles(directory: string): Image {
  return {
    initramfs: join(directory, 'initramfs.cpio'),
    hostPublicKey: join(directory, 'host_key.pub'),
    clientKey: join(directory, 'client_key'),
  };
}

/** Builds the guest's initramfs, with SSH keys of its own. */
export async function buildImage(inputs: ImageInputs): Promise<Image> {
  const { packagesDir, imagesDir, modules, outDir, signal } = inputs;
  const keys = makeKeys();
  const packages = parsePackages(await readFile(join(imagesDir, 'packages.txt'), 'utf8'));
  const programs = packages.flatMap(({ program }) => program ?? []);
  const entries = withParents([
    ...standardDirectories(),
    // Scripts name /usr/bin/env, and dropbear's search path begins with /usr/sbin.
    ...[link('usr', '.'), link('sbin', 'bin')],
    ...programEntries(await findPrograms(packagesDir, programs)),
    ...(await settings(imagesDir)),
    ...(await moduleEntries(modules)),
    ...keyEntries(keys),
  ]);
  const image = imageFiles(outDir);
  await writeFile(image.initramfs, cpio(entries), { signal });
  await writeFile(image.hostPublicKey, `${keys.hostPublicKey}\n`, { signal });
  await writeFile(image.clientKey, keys.clientKey, { signal, mode: 0o600 });
  return image;
}

function programEntries(found: readonly Found[]): Entry[] {
  const busybox = found.find(({ path }) => path === 'bin/busybox');
  const applets = busybox ? appletNames(busybox.data) : [];
  return [
    ...found.map(({ path, data }) => file(path, data, 0o755)),
    ...applets.filter((name) => name !== 'busybox').map((name) => link(`bin/${name}`, 'busybox')),
  ];
}

/** The files of `images/` at their places in the guest. */
async function settings(imagesDir: string): Promise<Entry[]> {
  const read = (name: string) => readFile(join(imagesDir, name), 'utf8');
  return [
    file('init', await read('init'), 0o755),
    file('etc/fstab', await read('fstab')),
    file('etc/fstab.optional', await read('fstab.optional')),
    file('etc/inittab', await read('inittab')),
    file('etc/passwd', await read('passwd')),
    file('etc/group', await read('group')),
    file('etc/dropbear/args', `${withoutComments(await read('dropbear.args'))}\n`),
  ];
}

function withoutComments(text: string): string {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.join(' ');
}

async function moduleEntries(modules: readonly string[]): Promise<Entry[]> {
  const names = modules.map((module) => basename(module));
  const contents = await Promise.all(modules.map((module) => readFile(module)));
  return [
    file('etc/modules', names.map((name) => `${name}\n`).join('')),
    ...names.map((name, index) => file(`lib/modules/${name}`, contents[index] ?? '')),
  ];
}

function keyEntries(keys: SshKeys): Entry[] {
  return [
    file('etc/dropbear/host_key', keys.dropbearHostKey, 0o600),
    // dropbear ignores keys that others than their owner could have written.
    directory('root/.ssh', 0o700),
    file('root/.ssh/authorized_keys', `${keys.clientPublicKey}\n`, 0o600),
  ];
}
