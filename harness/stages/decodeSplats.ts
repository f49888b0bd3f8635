// SPDX-License-Identifier: MIT
import { tryRun } from '../host/spawn.ts';
import type { Frame, Splat } from '../schema/results.ts';
import {
  decodeSplat,
  frameAddress,
  frameKey,
  parseAddr2line,
  type SourceLocation,
} from '../splat/decode.ts';
import { type KernelSources, withSource } from './sourceContext.ts';
import type { Workspace } from './workspace.ts';

/** What of a kernel has debug information, and the directory of the sources that it names. */
export interface DecodableKernel {
  vmlinux: string;
  driver: string;
  selftest: string;
  sourceDirectory: string;
  /** What the kernel was built from, where that is known. */
  sources?: KernelSources;
}

/** `splats` with the source lines that the build's own vmlinux and modules give for their frames. */
export async function decodeSplats(
  workspace: Workspace,
  kernel: DecodableKernel,
  splats: readonly Splat[],
): Promise<Splat[]> {
  if (splats.length === 0) return [];
  const places = splats.flatMap(({ frames }) => frames.map(toPlace));
  const locations = new Map<string, SourceLocation[]>();
  for (const [module, file] of objects(kernel)) {
    const own = places.filter((place) => place.module === module);
    for (const [key, found] of await locate(workspace, file, own, kernel.sourceDirectory)) {
      locations.set(key, found);
    }
  }
  const decoded = splats.map((splat) => decodeSplat(splat, locations));
  const { sources } = kernel;
  if (!sources) return decoded;
  const enriched = decoded.map(async (splat) => ({
    ...splat,
    frames: await withSource(workspace, sources, splat.frames),
  }));
  return Promise.all(enriched);
}

/** The file with the debug information of each module; the kernel itself has no module's name. */
function objects(kernel: DecodableKernel): [string | undefined, string][] {
  return [
    [undefined, kernel.vmlinux],
    ['dma_testdev', kernel.driver],
    ['pinlab_selftest', kernel.selftest],
  ];
}

interface Place {
  key: string;
  address: string;
  module: string | undefined;
}

function toPlace(frame: Frame, index: number): Place {
  const { module } = frame;
  return { key: frameKey(frame, index), address: frameAddress(frame, index), module };
}

async function locate(
  { crossCompile, signal }: Workspace,
  file: string,
  places: readonly Place[],
  sources: string,
): Promise<[string, SourceLocation[]][]> {
  if (places.length === 0) return [];
  // The same few frames make up a storm of reports, which would not fit on a command line.
  const addresses = [...new Set(places.map(({ address }) => address))];
  const args = ['-a', '-f', '-i', '-e', file, ...addresses];
  const what = 'decode a report of the kernel';
  const { code, stdout } = await tryRun(`${crossCompile}addr2line`, args, { what, signal });
  // A report without source lines is still a report.
  if (code !== 0) return [];
  const found = parseAddr2line(relativeToSources(stdout), sources);
  const located = new Map(addresses.map((address, i) => [address, found[i] ?? []]));
  return places.map(({ key, address }) => [key, located.get(address) ?? []]);
}

/** Our objects name their sources by where they were built: beside the tree, or a copy of a module. */
function relativeToSources(text: string): string {
  return text
    .replaceAll(/^\/\S*\/build-[^/\s]+\/\.\.\//gm, '')
    .replaceAll(/^\/\S*\/build(?:-[^/\s]+)?\/(dma-testdev|selftest)\//gm, 'kernel/$1/');
}
