// SPDX-License-Identifier: MIT
import { tryRun } from '../host/spawn.ts';
import type { Frame, Splat } from '../schema/results.ts';
import { decodeSplat, frameKey, parseAddr2line, type SourceLocation } from '../splat/decode.ts';
import type { KernelArtifact } from './buildKernel.ts';
import type { Workspace } from './workspace.ts';

const DRIVER_MODULE = 'dma_testdev';

/** `splats` with the source lines that the build's own vmlinux and driver give for their frames. */
export async function decodeSplats(
  workspace: Workspace,
  kernel: Pick<KernelArtifact, 'vmlinux' | 'driver' | 'source'>,
  splats: readonly Splat[],
): Promise<Splat[]> {
  if (splats.length === 0) return [];
  const frames = splats.flatMap((splat) => splat.frames);
  const core = frames.filter(({ module }) => module === undefined);
  const driver = frames.filter(({ module }) => module === DRIVER_MODULE);
  const sources = kernel.source.directory;
  const locations = new Map([
    ...(await locate(workspace, kernel.vmlinux, core, sources)),
    ...(await locate(workspace, kernel.driver, driver, sources)),
  ]);
  return splats.map((splat) => decodeSplat(splat, locations));
}

async function locate(
  { crossCompile, signal }: Workspace,
  file: string,
  frames: readonly Frame[],
  sources: string,
): Promise<[string, SourceLocation[]][]> {
  const addresses = [...new Set(frames.map(({ symbol, offset = '0x0' }) => `${symbol}+${offset}`))];
  if (addresses.length === 0) return [];
  const args = ['-a', '-f', '-i', '-e', file, ...addresses];
  const what = 'decode a report of the kernel';
  const { code, stdout } = await tryRun(`${crossCompile}addr2line`, args, { what, signal });
  // A report without source lines is still a report.
  if (code !== 0) return [];
  const found = parseAddr2line(relativeToSources(stdout), sources);
  const keys = new Map(frames.map((frame) => [`${frame.symbol}+${frame.offset ?? '0x0'}`, frame]));
  return addresses.map((address, i) => [frameKey(keys.get(address) as Frame), found[i] ?? []]);
}

/** Our objects name their sources by where they were built: beside the tree, or a copy of the driver. */
function relativeToSources(text: string): string {
  return text
    .replaceAll(/^\/\S*\/build-[^/\s]+\/\.\.\//gm, '')
    .replaceAll(/^\/\S*\/build(?:-[^/\s]+)?\/dma-testdev\//gm, 'kernel/dma-testdev/');
}
