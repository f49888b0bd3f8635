// SPDX-License-Identifier: MIT
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import test from 'ava';
import { MismatchError } from '../../errors.ts';
import { temporaryDirectory } from '../../host/temporary.ts';
import { compile, configure, hiddenTools, type KernelBuild } from '../../kernel/build.ts';

/** Configures with all that is asked for, but never with GONE; writes down what it was called for. */
const MAKE = `#!/bin/sh
for goal; do :; done
case "$*" in
*allnoconfig*) grep -v GONE "$KCONFIG_ALLCONFIG" > "$KCONFIG_CONFIG"; goal=configure ;;
*Image*) goal=compile ;;
esac
echo "$goal" >> "$(dirname "$0")/made"
`;

/** A tree with one option, and a make in place of the host's. */
async function fakeBuild() {
  const scratch = await temporaryDirectory('test');
  const [tools, tree, output] = ['tools', 'tree', 'output'].map((name) => join(scratch.path, name));
  const build = { tree, output, fragments: 'CONFIG_KASAN=y\n', crossCompile: '' } as KernelBuild;
  for (const directory of [tools, tree] as string[]) await mkdir(directory);
  await writeFile(join(build.tree, 'Kconfig'), 'config KASAN\n\tbool "k"\n');
  const make = join(tools as string, 'make');
  await writeFile(make, MAKE);
  await chmod(make, 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${tools}${delimiter}${path}`;
  return {
    build,
    made: async () => (await readFile(join(tools as string, 'made'), 'utf8')).trim().split('\n'),
    async [Symbol.asyncDispose]() {
      process.env.PATH = path;
      await scratch[Symbol.asyncDispose]();
    },
  };
}

test('the host’s Rust and pahole are hidden, whose versions .config would record', (t) => {
  t.deepEqual(hiddenTools('CONFIG_IKCONFIG=y\n'), ['RUSTC=false', 'PAHOLE=false']);
});

test('a tool that an option uses is not hidden', (t) => {
  t.deepEqual(hiddenTools('CONFIG_RUST=y\n'), ['PAHOLE=false']);
  t.deepEqual(hiddenTools('CONFIG_DEBUG_INFO_BTF=y\nCONFIG_RUST=n\n'), ['RUSTC=false']);
});

test.serial(
  'a kernel is configured once, and again when a Kconfig file of its tree differs',
  async (t) => {
    await using fake = await fakeBuild();
    const { build } = fake;
    await configure(build);
    await configure(build);
    t.deepEqual(await fake.made(), ['configure']);
    await writeFile(join(build.tree, 'Kconfig'), 'config KASAN\n\tbool "k"\n\tdepends on OTHER\n');
    await configure(build);
    t.deepEqual(await fake.made(), ['configure', 'configure']);
  },
);

test.serial(
  'an option that does not survive leaves the configuration before in force',
  async (t) => {
    await using fake = await fakeBuild();
    const { build } = fake;
    await configure(build);
    const refused = configure({ ...build, fragments: 'CONFIG_GONE=y\n' });
    await t.throwsAsync(refused, { instanceOf: MismatchError });
    t.is(await readFile(join(build.output, '.config'), 'utf8'), build.fragments);
  },
);

test.serial(
  'an option that is lost while the kernel is built stops it, and is asked for again',
  async (t) => {
    await using fake = await fakeBuild();
    const { build } = fake;
    await configure(build);
    await compile(build);
    await writeFile(join(build.output, '.config'), '# CONFIG_KASAN is not set\n');
    const error = await t.throwsAsync(compile(build), { instanceOf: MismatchError });
    t.regex(error?.output ?? '', /^CONFIG_KASAN=y was requested, \.config has n/);
    await configure(build);
    await compile(build);
    t.deepEqual(await fake.made(), ['configure', 'compile', 'compile', 'configure', 'compile']);
  },
);
