// SPDX-License-Identifier: MIT
import { Argument } from '@commander-js/extra-typings';
import { UsageError } from '../errors.ts';
import { buildGuestTests } from '../stages/buildGuestTests.ts';
import { buildKernel } from '../stages/buildKernel.ts';
import { buildQemu, buildQtests } from '../stages/buildQemu.ts';
import { ensureHost } from '../stages/hostTools.ts';
import { inputsKey } from '../stages/inputsKey.ts';
import { type KernelChoice, resolveKernel } from '../stages/kernelRequest.ts';
import { makeImage } from '../stages/makeImage.ts';
import type { Workspace } from '../stages/workspace.ts';
import type { Invocation } from './invocation.ts';
import { kernelChoice, withKernelOptions } from './kernelOptions.ts';
import { progressReporter } from './reporters.ts';

/** Each part that can be built alone, and the path that names its result. */
const PARTS: Record<string, (workspace: Workspace, choice: KernelChoice) => Promise<string>> = {
  qemu: async (workspace) => (await buildQemu(workspace)).binary,
  qtests: async (workspace) => (await buildQtests(workspace)).programs.join('\n'),
  kernel: async (workspace, choice) => (await kernel(workspace, choice)).image,
  image: async (workspace, choice) =>
    (await makeImage(workspace, (await kernel(workspace, choice)).driver)).initramfs,
  'guest-tests': async (workspace, choice) => {
    const request = await resolveKernel(workspace, choice);
    return (await buildGuestTests(workspace, request)).directory;
  },
};

/** `pinlab build`: builds, and prints the artifact's path. */
export function buildCommand(invocation: Invocation) {
  return withKernelOptions('build')
    .description(`build without running; prints each artifact's path`)
    .addArgument(new Argument('[parts...]', `any of ${Object.keys(PARTS).join(', ')}; all without`))
    .option('--coverage', 'the kernel of pinlab run --coverage')
    .option('--print-cache-key', 'print what the artifacts depend on as one hash, building nothing')
    .addHelpText('after', '\nExample:\n  $ npx pinlab build kernel --flavour debug')
    .action(async (parts, options) => {
      if (options.printCacheKey) {
        process.stdout.write(`${await inputsKey(invocation.environment.root)}\n`);
        return;
      }
      const workspace = invocation.workspace(progressReporter(invocation.environment));
      // All names first: what is wrong should not wait for what takes long.
      parts.forEach(partOf);
      await ensureHost(workspace);
      for (const name of parts.length > 0 ? parts : Object.keys(PARTS)) {
        process.stdout.write(`${await partOf(name)(workspace, kernelChoice(options))}\n`);
      }
    });
}

function partOf(name: string) {
  const build = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
  if (build) return build;
  throw new UsageError(`there is no part ${name} to build`, {
    hint: `choose among ${Object.keys(PARTS).join(', ')}`,
  });
}

async function kernel(workspace: Workspace, choice: KernelChoice) {
  return buildKernel(workspace, await resolveKernel(workspace, choice));
}
