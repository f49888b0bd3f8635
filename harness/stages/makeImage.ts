// SPDX-License-Identifier: MIT
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unpackDeb } from '../host/apt.ts';
import { type CacheInputs, cacheKey } from '../host/cache.ts';
import { hashFile, hashTree } from '../host/hash.ts';
import { run } from '../host/spawn.ts';
import { buildImage, imageFiles } from '../image/build.ts';
import { parsePackages, VERSIONS } from '../image/packages.ts';
import { stage } from './stage.ts';
import type { Workspace } from './workspace.ts';

/** What the guest boots into, and the keys to it. */
export interface ImageArtifact {
  initramfs: string;
  hostPublicKey: string;
  clientKey: string;
  packages: { name: string; version: string }[];
  sha256: string;
  hit: boolean;
}

/** The guest's Debian architecture. */
const ARCHITECTURE = 'arm64';

/** Builds the initramfs that loads `driver`, or finds it built. */
export function makeImage(workspace: Workspace, driver: string): Promise<ImageArtifact> {
  return stage(workspace, 'image', 'guest image', async ({ say }) => {
    const { cache, root, signal } = workspace;
    const imagesDir = join(root, 'images');
    const inputs = {
      packages: cacheKey(await packageInputs(root)),
      images: await hashTree(imagesDir),
      // The image's format is code: another version of it is another image.
      writer: await hashTree(join(root, 'harness/image')),
      driver: await hashFile(driver),
    };
    const entry = await cache.get(
      'image',
      inputs,
      async (outDir) => {
        const { directory: packagesDir } = await guestPackages(workspace, say);
        await buildImage({ packagesDir, imagesDir, modules: [driver], outDir, signal });
        await copyFile(join(packagesDir, VERSIONS), join(outDir, VERSIONS));
      },
      { signal },
    );
    const files = imageFiles(entry.directory);
    return {
      initramfs: files.initramfs,
      hostPublicKey: (await readFile(files.hostPublicKey, 'utf8')).trim(),
      clientKey: await readFile(files.clientKey, 'utf8'),
      packages: JSON.parse(await readFile(join(entry.directory, VERSIONS), 'utf8')),
      sha256: entry.files[basename(files.initramfs)] as string,
      hit: entry.hit,
    };
  });
}

/** The unpacked packages of images/packages.txt, as new as when the list was last changed. */
export async function guestPackages(
  { cache, root, openApt, signal }: Workspace,
  say: (text: string) => void,
) {
  const inputs = await packageInputs(root);
  return cache.get(
    'guest-packages',
    inputs,
    async (directory) => {
      say('download the packages');
      const apt = await openApt();
      const download = join(directory, '.download');
      await mkdir(download);
      const names = inputs.names.split(' ').map((name) => `${name}:${ARCHITECTURE}`);
      await apt.download(names, download);
      const debs = (await readdir(download)).map((name) => join(download, name));
      for (const deb of debs) await unpackDeb(deb, directory, signal);
      const versions = await Promise.all(debs.map((deb) => describeDeb(deb, signal)));
      await writeFile(join(directory, VERSIONS), JSON.stringify(versions));
      await rm(download, { recursive: true });
    },
    { signal },
  );
}

async function packageInputs(root: string): Promise<CacheInputs & Record<'names', string>> {
  const list = await readFile(join(root, 'images/packages.txt'), 'utf8');
  return {
    names: parsePackages(list)
      .map(({ name }) => name)
      .join(' '),
  };
}

async function describeDeb(file: string, signal: AbortSignal) {
  const args = ['--show', '--showformat', '$' + '{Package} $' + '{Version}', file];
  const { stdout } = await run('dpkg-deb', args, { what: `read ${file}`, signal });
  const [name = '', version = ''] = stdout.split(' ');
  return { name, version };
}
